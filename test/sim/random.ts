export { Random } from '../../rehearsal/random.ts';
