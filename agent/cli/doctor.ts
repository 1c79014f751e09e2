import { terminalLine } from '@ringwave/runtime/terminal-text';
import { doctorLines, type Findings, firstToMend } from '../core/doctor.ts';
import { examine } from '../io/doctor-checks.ts';
import { boxAt } from '../io/box.ts';

/** Prints what was found and ends with "You can leave." or the one thing to mend; status 1 then. */
export async function doctor({ data, json }: { data: string; json?: boolean }): Promise<void> {
  const findings: Findings = await examine(boxAt(data));
  const lines = json === true ? [JSON.stringify(findings)] : doctorLines(findings);
  process.stdout.write(`${lines.map(terminalLine).join('\n')}\n`);
  if (firstToMend(findings)) process.exitCode = 1;
}
