// The thread in which a bundle is opened: bad archives make the readers of archives do bad things, and here
// they have little memory and can be ended.

import { parentPort, workerData } from 'node:worker_threads';
import { type UnpackJob, unpack } from './unpack.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
parentPort?.postMessage(await unpack(workerData as UnpackJob));
