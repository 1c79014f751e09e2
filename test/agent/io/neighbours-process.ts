// Asks the neighbour table of a machine that the test made: prints whose each address is, a line each.
import { Neighbours } from '../../../agent/io/neighbours.ts';

const neighbours = new Neighbours();
for (const address of process.argv.slice(2)) {
  process.stdout.write(`${address} ${await neighbours.of(address)}\n`);
}
