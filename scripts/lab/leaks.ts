/** Sockets and timers of this process. */
export const openResources = (): number =>
  process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Immediate/.test(name)).length;

/** The sleep of the look itself is one timer, and fetch keeps a connection for a few seconds. */
const ofOurOwn = 3;

/** What is left over after everything was closed, once it had time to go. */
export async function leakProblems(before: number): Promise<string[]> {
  for (let tries = 0; tries < 200 && openResources() > before; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const left = openResources() - before;
  return left > ofOurOwn ? [`${left} sockets or timers are left over`] : [];
}
