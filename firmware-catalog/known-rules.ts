// The rules that come with the catalogue: seen in vendors' documents and in the field, each with its source.

import assert from 'node:assert/strict';
import avaya from './constraints/avaya.json' with { type: 'json' };
import cisco from './constraints/cisco.json' with { type: 'json' };
import fanvil from './constraints/fanvil.json' with { type: 'json' };
import polycom from './constraints/polycom.json' with { type: 'json' };
import snom from './constraints/snom.json' with { type: 'json' };
import yealink from './constraints/yealink.json' with { type: 'json' };
import { parseRules, type UpgradeRule } from './upgrade-rule.ts';

export const KNOWN_RULES: readonly UpgradeRule[] = [
  avaya,
  cisco,
  fanvil,
  polycom,
  snom,
  yealink,
].flatMap((file) => {
  const { rules, problems } = parseRules(file);
  assert(rules, JSON.stringify(problems));
  return rules;
});
