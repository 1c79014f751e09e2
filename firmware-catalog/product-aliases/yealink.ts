// Yealink in advisories: `SIP-T46S`, `T4x series`, `VP59 (Teams)`, its management platform and its tools.

import { models, type ProductNames } from './product-names.ts';

export const yealinkNames: ProductNames = {
  vendor: 'Yealink',
  names: ['yealink', 'yealinknetworktechnology', 'yealinkxiamennetworktechnologycoltd'],
  filler: ['sip'],
  otherFirmware: ['teams', 'skype', 'zoom'],
  models: models(`
    T18 T18P T19P T19P_E2 T20P T21P T21P_E2 T22P T23G T23P T26P T27G T27P T28G T28P T29G T30 T30P T31
    T31G T31P T31W T32G T33 T33G T33P T34W T38G T40G T40P T41P T41S T41U T42G T42S T42U T43U T44U T44W
    T46G T46S T46U T48G T48S T48U T49G T52S T53 T53C T53W T54S T54W T55A T56A T57W T58 T58A T58V T58W
    T73U T73W T74U T74W T77U T85W T87W T88V T88W VP59 VP530 VP530P CP860 CP920 CP925 CP930W CP960 CP965
    W52P W53P W56P W60B W60P W70B W73P W76P W75B W75DM W80B W80DM W90B W90DM AX83H AX86R W52H W53H W56H
    W57R W59R W71H W73H W74H W78H`),
  shape: /^(?:T[1-9]\d[A-Z]{0,2}(?:E2)?|VP\d{2,3}P?|CP\d{3}W?|W\d\d[A-Z]{1,2}|AX\d\d[A-Z])$/,
  notPhones: [
    {
      words:
        /\b(?:device management|ydmp|dmp|ymcs|management cloud|management platform|rps|redirection)\b/,
      name: 'device management',
      class: 'management',
    },
    {
      words: /\b(?:config(?:uration)? encrypt\w*|encrypt\w* tool|usb connect)\b/,
      name: 'configuration tool',
      class: 'tooling',
    },
    {
      words: /\b(?:meeting server|meetingbar|meetingboard|mvc\d*|vc\d+)\b/,
      name: 'meeting systems',
      class: 'other-device',
    },
  ],
};
