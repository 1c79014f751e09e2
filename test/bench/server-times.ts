// Loaded into a program before it starts (`node --import`): how long its HTTP server held each request, and how long its
// event loop kept everything waiting, and the processor's time that it all took. Told to the parent process when that asks,
// and begun anew.
import { channel } from 'node:diagnostics_channel';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

const began = new WeakMap<object, number>();
let tookMs: number[] = [];
let cpuFrom = process.cpuUsage();
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();

channel('http.server.request.start').subscribe((message) => {
  began.set((message as { request: object }).request, performance.now());
});
channel('http.server.response.finish').subscribe((message) => {
  const at = began.get((message as { request: object }).request);
  if (at !== undefined) tookMs.push(performance.now() - at);
});

const round = (ms: number): number => Math.round(ms * 10) / 10;

process.on('message', (asked) => {
  if (asked !== 'times') return;
  const sorted = tookMs.sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  const served = { requests: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95) };
  const { user, system } = process.cpuUsage(cpuFrom);
  const cpuMs = round((user + system) / 1000);
  process.send?.({ served, loopMaxMs: round(loop.max / 1e6), cpuMs });
  tookMs = [];
  cpuFrom = process.cpuUsage();
  loop.reset();
});
// The line to the parent must not keep the program alive.
process.channel?.unref();
