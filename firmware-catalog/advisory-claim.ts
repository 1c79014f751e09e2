// What one issuer says about one vulnerability. Vendors, NVD, CISA and FIRST each know a part; claims about
// one CVE stand side by side and are placed on models by `advisory-placing`, never averaged.

import type { EpochMs } from '@ringwave/protocol/units';

export interface AdvisoryClaim {
  /** `CVE-2025-20350`, or the issuer's own number where there is no CVE. */
  readonly id: string;
  /** Who says so: `cisco-psirt`, `nvd`, `cisa-kev`, `cisa-adp`, `first-epss`, `mitel`, ... */
  readonly issuer: string;
  readonly title?: string;
  /** The products and versions it names, as the issuer writes them; placed on our models later. */
  readonly products: readonly ClaimedProduct[];
  readonly scores: readonly Score[];
  /** Seen in attacks (CISA KEV): since when, where that is known, and by when US agencies must act. */
  readonly exploited?: { readonly since?: EpochMs; readonly dueOn?: string };
  /** EPSS: the chance of attacks within 30 days, 0 to 1, and its rank among all CVEs. */
  readonly likelihood?: {
    readonly chance: number;
    readonly percentile: number;
    readonly on: string;
  };
  readonly source: string;
  readonly publishedAt?: EpochMs;
}

/** A severity score never stands without the one who gave it: issuers differ by whole classes. */
export interface Score {
  readonly issuer: string;
  readonly system: 'cvss-2.0' | 'cvss-3.0' | 'cvss-3.1' | 'cvss-4.0';
  readonly score: number;
  readonly vector?: string;
}

export interface ClaimedProduct {
  /** As written; empty or `n/a` in many CVE records. */
  readonly vendor: string;
  /** Model, family or series in the issuer's words, or the product part of a CPE name. */
  readonly product: string;
  /** CPE 2.3 name where one was given. */
  readonly cpe?: string;
  /** Version wording as written (`<= R6.4.0.HF1 (R6.4.0.136)`), or the bounds where the format has them. */
  readonly versions: string | ClaimedRange;
  /** Known: affected, or explicitly not. Absent: affected. */
  readonly status?: 'affected' | 'not-affected' | 'fixed' | 'under-investigation';
  /** Versions in which it is mended, in the issuer's words. */
  readonly fixedIn?: readonly string[];
  /** What must also hold for the phone to be exposed, in words (`only with ICE enabled`). */
  readonly condition?: string;
}

export interface ClaimedRange {
  readonly from?: string;
  readonly after?: string;
  readonly below?: string;
  readonly atMost?: string;
  readonly exactly?: readonly string[];
  /** Every version there is. */
  readonly all?: true;
}
