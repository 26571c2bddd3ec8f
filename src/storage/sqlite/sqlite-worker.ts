import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { createGroupCommit } from './group-commit.js';
import { openSqliteFile } from './sqlite-file.js';
import { failureOf, type WorkerOptions, type WorkerRequest, type WorkerStart } from './worker-protocol.js';

/*
 * The thread that owns a connection to an SQLite file, so that no disk is ever waited for on the event loop of the
 * server. Everything that was asked while a commit was under way is taken together.
 */

async function start(port: MessagePort, options: WorkerOptions): Promise<void> {
  const tell = (message: WorkerStart) => port.postMessage(message);
  try {
    const driver = await openSqliteFile(options);
    const commits = createGroupCommit(driver, (replies) => port.postMessage(replies));
    port.on('message', (first: readonly WorkerRequest[]) => {
      const requests = [...first, ...rest(port)];
      commits.take(requests);
      if (requests.some(({ kind }) => kind === 'close')) port.close();
    });
    tell({ ready: true });
  } catch (error) {
    tell({ failure: failureOf(error) });
    port.close();
  }
}

function* rest(port: MessagePort): Generator<WorkerRequest> {
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
    yield* next.message as readonly WorkerRequest[];
  }
}

if (parentPort) void start(parentPort, workerData as WorkerOptions);
