import { parentPort, workerData } from 'node:worker_threads';
import { drawChart } from './chart-drawing.js';
import type { ChartInput } from './chart-input.js';

// Given by chart.ts, which starts this thread for one picture.
parentPort?.postMessage(drawChart(workerData as ChartInput));
