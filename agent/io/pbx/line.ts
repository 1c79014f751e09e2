import { connect, type Socket } from 'node:net';
import type { Clock } from '@ringwave/runtime/clock';
import { seconds } from '@ringwave/protocol/units';

/** A PBX on the same site connects and answers within milliseconds. */
const connectTakesMax = seconds(5);
const answerTakesMax = seconds(5);
/** Kept between phones of one round, not over night. */
const idleMax = seconds(60);

/** Takes what has arrived and gives what is left of it; undefined ends the connection. */
export type Reader = (bytes: Buffer) => Buffer | undefined;

/** One TCP connection to a PBX, made when it is needed and again after it broke; one question at a time. */
export class PbxLine {
  readonly #to: { readonly host: string; readonly port: number };
  readonly #clock: Clock;
  readonly #reader: Reader;
  #socket: Socket | undefined;
  #held = Buffer.alloc(0);
  /** Of the question that waits; there is one at most. */
  #broke: ((error: Error) => void) | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(to: { host: string; port: number }, clock: Clock, reader: Reader) {
    this.#to = to;
    this.#clock = clock;
    this.#reader = reader;
  }

  /** Runs questions one after the other: their answers carry no names that all PBXs would repeat. */
  inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(ask);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  get isDown(): boolean {
    return !this.#socket || this.#socket.destroyed;
  }

  /** True where a connection was made by this call, over which nobody has logged in. */
  async connected(): Promise<boolean> {
    if (this.#isClosed) throw new Error('the agent is stopping');
    if (!this.isDown) return false;
    const socket = connect(this.#to);
    this.#socket = socket;
    this.#held = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => this.#take(socket, bytes));
    socket.on('error', (error) => this.#end(socket, error));
    socket.on('close', () => this.#end(socket, new Error('the PBX closed the connection')));
    socket.setTimeout(idleMax, () => socket.destroy());
    await this.#within(connectTakesMax, (done) => socket.once('connect', () => done(undefined)));
    return true;
  }

  write(bytes: string): void {
    this.#socket?.write(bytes);
  }

  /** Rejects when the time is up or the connection breaks; either way the connection is not used again. */
  #within<T>(wait: typeof answerTakesMax, begin: (done: (value: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = this.#clock.after(wait, () => {
        reject(new Error('the PBX did not answer in time'));
        this.drop();
      });
      this.#broke = (error) => {
        cancel();
        reject(error);
      };
      begin((value) => {
        cancel();
        resolve(value);
      });
    });
  }

  answer<T>(begin: (done: (value: T) => void) => void): Promise<T> {
    return this.#within(answerTakesMax, begin);
  }

  #take(socket: Socket, bytes: Buffer): void {
    if (socket !== this.#socket) return;
    const rest = this.#reader(Buffer.concat([this.#held, bytes]));
    if (rest) this.#held = Buffer.from(rest);
    else socket.destroy();
  }

  #end(socket: Socket, error: Error): void {
    if (socket !== this.#socket) return;
    this.#broke?.(error);
    this.#broke = undefined;
  }

  drop(): void {
    this.#socket?.destroy();
  }

  close(): void {
    this.#isClosed = true;
    this.drop();
  }
}
