// Part numbers of Poly phones, which stand in the names of their images (UC Software administrator guides).

/** Part numbers in image names: `3111-46161-001.sip.ld` is what a VVX 310 asks for when told `sip.ld`. */
const PARTS: Readonly<Record<string, string>> = {
  '2345-11402': 'SPIP430',
  '2345-12200-001': 'SPIP330',
  '2345-12200-002': 'SPIP320',
  '2345-12360': 'SPIP321',
  '2345-12365': 'SPIP331',
  '2345-12375': 'SPIP335',
  '2345-12450': 'SPIP450',
  '2345-12500': 'SPIP550',
  '2345-12560': 'SPIP560',
  '2345-12600': 'SPIP650',
  '2345-12670': 'SPIP670',
  '2345-17960': 'VVX1500',
  '3111-15600': 'SSIP6000',
  '3111-17823': 'VVXD60',
  '3111-30900': 'SSIP5000',
  '3111-40000': 'SSIP7000',
  '3111-40250': 'VVX101',
  '3111-40450': 'VVX201',
  '3111-44500': 'VVX500',
  '3111-44600': 'VVX600',
  '3111-46135': 'VVX300',
  '3111-46157': 'VVX400',
  '3111-46161': 'VVX310',
  '3111-46162': 'VVX410',
  '3111-48300': 'VVX301',
  '3111-48350': 'VVX311',
  '3111-48400': 'VVX401',
  '3111-48450': 'VVX411',
  '3111-48500': 'VVX501',
  '3111-48600': 'VVX601',
  '3111-48810': 'VVX150',
  '3111-48820': 'VVX250',
  '3111-48830': 'VVX350',
  '3111-48840': 'VVX450',
};

/** The last three digits are a revision of the same hardware, but for 2345-12200, which is two models. */
export const modelOfPart = (part: string): string | null =>
  PARTS[part] ?? (part.startsWith('2345-12200') ? null : (PARTS[part.slice(0, 10)] ?? null));
