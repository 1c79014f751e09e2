import assert from 'node:assert/strict';
import type { Client } from 'aedes';

// aedes 1.2 buffers a packet of any declared length, even before CONNECT (150 MB were accepted from one
// anonymous socket). Until it has a limit of its own, this looks at the declared length after each chunk
// through the one private field that knows it. A test pins the field; without it nothing is served.

interface Parser {
  packet: { length: number };
  parse(chunk: Buffer): number;
}

/** Ends the connection as soon as a packet declares more than `bytesMax`; at most one chunk is buffered. */
export function limitPackets(client: Client, bytesMax: number): void {
  const parser = parserOf(client);
  const parse = parser.parse.bind(parser);
  parser.parse = (chunk) => {
    const left = parse(chunk);
    const declared = parser.packet.length;
    if (declared > bytesMax) {
      client.emit('error', new Error(`packet of ${declared} bytes, at most ${bytesMax}`));
    }
    return left;
  };
}

function parserOf(client: Client): Parser {
  const parser = (client as unknown as { _parser?: Partial<Parser> })._parser;
  assert(typeof parser?.parse === 'function', 'aedes has moved its parser');
  assert(typeof parser.packet?.length === 'number', 'mqtt-packet has moved the declared length');
  return parser as Parser;
}
