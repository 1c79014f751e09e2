import { identify } from '@ringwave/firmware-catalog/identify';
import { PROFILES, profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { Rendition, VendorProfile } from '@ringwave/firmware-catalog/vendors/profile';
import { missingFacts } from '@ringwave/firmware-catalog/vendors/served-by-facts';
import { type Mac, mac } from '@ringwave/protocol/units';
import { test } from 'tap';

const agent = { host: '192.0.2.7', httpPort: 8080, tftpPort: 6969 };
const provisioning = { user: 'p1', password: 'Ab3&<' };

function profileNamed(name: string): VendorProfile {
  const profile = profileOf(name);
  if (!profile) throw new Error(`no profile ${name}`);
  return profile;
}

const snomPhone = { mac: mac('000413922d24') as Mac, model: 'D785', agent };
const snomImage = {
  version: '10.1.198.19',
  folder: 'fw/r',
  fileName: 'snomD785-10.1.198.19-SIP-r.bin',
};

test('a Snom phone’s settings name the file that names its image, and hold its login', (t) => {
  const snom = profileNamed('Snom');
  const rendition: Rendition = { ...snomPhone, firmware: snomImage, provisioning };
  const main = snom.renderPhoneConfig(rendition, '/snomD785-000413922D24.htm');
  t.equal(
    main.body,
    [
      '<?xml version="1.0" encoding="utf-8"?>',
      '<settings>',
      '<phone-settings>',
      '<update_policy perm="R">auto_update</update_policy>',
      '<firmware_status perm="R">http://192.0.2.7:8080/snomD785-000413922D24-firmware.xml</firmware_status>',
      '<http_client_user perm="R">p1</http_client_user>',
      '<http_client_pass perm="R">Ab3&amp;&lt;</http_client_pass>',
      '</phone-settings>',
      '</settings>',
      '',
    ].join('\n'),
  );
  t.ok(main.holdsLogin);
  const more = snom.renderPhoneConfig(rendition, '/snomD785-000413922D24-firmware.xml');
  t.equal(
    more.body,
    [
      '<?xml version="1.0" encoding="utf-8"?>',
      '<firmware-settings>',
      '<firmware perm="">http://192.0.2.7:8080/fw/r/snomD785-10.1.198.19-SIP-r.bin</firmware>',
      '</firmware-settings>',
      '',
    ].join('\n'),
  );
  t.notOk(more.holdsLogin);
  t.same(snom.fileAsked('/snomD785-000413922D24-firmware.xml'), {
    kind: 'phone-config',
    mac: '00:04:13:92:2d:24',
  });
  t.end();
});

test('a Mitel phone adds the name of its model to the folder it is told', (t) => {
  const mitel = profileNamed('Mitel');
  const phone = { mac: mac('1400e91edb52') as Mac, model: '6930', agent };
  const firmware = { version: '6.4.0.140', folder: 'fw/r', fileName: '6930.st' };
  const { body } = mitel.renderPhoneConfig({ ...phone, firmware, provisioning }, '');
  t.equal(
    body,
    [
      'firmware server: http://192.0.2.7:8080/fw/r',
      'http digest username: p1',
      'http digest password: Ab3&<',
      '',
    ].join('\n'),
  );
  t.equal(mitel.readConfig(body, phone).firmware?.url, 'http://192.0.2.7:8080/fw/r/6930.st');
  t.equal(mitel.readConfig(body).firmware?.url, 'http://192.0.2.7:8080/fw/r/');
  t.ok(mitel.password.length <= 20, 'a digest password has at most 20 characters');
  t.end();
});

test('a Gigaset manager’s file names the version without product and V', (t) => {
  const gigaset = profileNamed('Gigaset');
  const fileName = 'Gigaset-Nx70-V2.62.1-build.d1d6a22.bin';
  const firmware = { version: '83.V2.62.1', folder: 'fw/r', fileName };
  const phone = { mac: mac('7c2f80e0d605') as Mac, model: 'N870 IP PRO', agent };
  const { body, holdsLogin } = gigaset.renderPhoneConfig({ ...phone, firmware, provisioning }, '');
  t.match(body, `<file version="2.62.1" url="http://192.0.2.7:8080/fw/r/${fileName}"/>`);
  t.notOk(holdsLogin, 'how it says a login is not known, so none is written');
  t.notMatch(body, 'Ab3');
  t.end();
});

test('the common file of a Linksys model names the phone’s own file', (t) => {
  const linksys = profileNamed('Linksys');
  const { body } = linksys.renderCommonConfig(agent, '/spa942.cfg');
  t.match(body, '<Profile_Rule ua="na">http://192.0.2.7:8080/$MA.xml</Profile_Rule>');
  t.same(linksys.readConfig(body, { mac: mac('000e08d4d033') as Mac, model: 'SPA942' }).include, [
    'http://192.0.2.7:8080/000e08d4d033.xml',
  ]);
  t.same(linksys.readConfig(body), {}, 'without the phone the macro stays unread');
  t.end();
});

test('a KX-UTG reads XML of its own and is told none of a KX-UT’s lines', (t) => {
  const panasonic = profileNamed('Panasonic');
  const missingOf = (model: string): string | undefined => {
    const line = panasonic.lines.find(({ hasModel }) => hasModel(model));
    return line && missingFacts(line).join('; ');
  };
  for (const model of ['KX-UT123', 'KX-UT670', 'KX-HDV430', 'KX-NT551', 'KX-TGP600'])
    t.equal(missingOf(model), '', model);
  for (const model of ['KX-UTG200', 'KX-UTG300B']) {
    t.match(missingOf(model), 'its configuration language is unknown', model);
    t.equal(panasonic.fileAsked(`/${model}.cfg`), undefined, model);
  }
  for (const model of ['KX-TDA100', 'KX-UDS124', 'KX-'])
    t.equal(missingOf(model), undefined, model);
  t.end();
});

test('the file of a Panasonic model says where the phone’s own lies, and that names its image in full', (t) => {
  const panasonic = profileNamed('Panasonic');
  const phone = { mac: mac('0080f0c8c381') as Mac, model: 'KX-UT123' };
  const first = '# Panasonic SIP Phone Standard Format File #\r\n';
  const { body } = panasonic.renderCommonConfig(agent, '/KX-UT123.cfg');
  t.equal(
    body,
    `${first}${[
      'CFG_STANDARD_FILE_PATH="http://192.0.2.7:8080/Config{MAC}.cfg"',
      'CFG_PRODUCT_FILE_PATH="http://192.0.2.7:8080/{MODEL}.cfg"',
      'CFG_MASTER_FILE_PATH="http://192.0.2.7:8080/ConfigCommon.cfg"',
      '',
    ].join('\r\n')}\r\n`,
  );
  const own = 'http://192.0.2.7:8080/Config0080F0C8C381.cfg';
  t.same(panasonic.readConfig(body, phone).include, [own]);
  t.same(panasonic.fileAsked(own), { kind: 'phone-config', mac: phone.mac });
  for (const path of ['/KX-UT123.cfg', '/KX-HDV130.cfg', '/ConfigCommon.cfg'])
    t.same(panasonic.fileAsked(path), { kind: 'common-config' }, path);
  const firmware = { version: '01.133', folder: 'fw/r', fileName: 'UT11x12x-01.133_HW1.fw' };
  const told = (parts: Partial<Rendition>) =>
    panasonic.renderPhoneConfig({ ...phone, agent, ...parts }, own);
  t.equal(
    told({ firmware, provisioning }).body,
    `${first}${[
      'FIRM_UPGRADE_ENABLE="Y"',
      'FIRM_UPGRADE_AUTO="Y"',
      'FIRM_VERSION="01.133"',
      'FIRM_FILE_PATH="http://192.0.2.7:8080/fw/r/UT11x12x-01.133_HW1.fw"',
      '',
    ].join('\r\n')}\r\n`,
  );
  t.equal(told({}).body, `${first}\r\n`, 'outside its slot: whole, and it says nothing');
  t.end();
});

test('an Htek phone adds its image’s name to the folder, and its file is told by its MAC from a Grandstream’s', (t) => {
  const htek = profileNamed('Htek');
  const phone = { mac: mac('001fc11c22a9') as Mac, model: 'UC926', agent };
  const firmware = { version: '2.0.4.2.19', folder: 'fw/r', fileName: 'fw926.rom' };
  const { body, holdsLogin } = htek.renderPhoneConfig({ ...phone, firmware, provisioning }, '');
  t.match(
    body,
    [
      '<P212>1</P212>',
      '<P192>http://192.0.2.7:8080/fw/r</P192>',
      '<P238>0</P238>',
      '<P1360>p1</P1360>',
      '<P1361>Ab3&amp;&lt;</P1361>',
    ].join('\n'),
  );
  t.ok(holdsLogin);
  t.equal(htek.readConfig(body, phone).firmware?.url, 'http://192.0.2.7:8080/fw/r/fw926.rom');
  const other = body.replace('<P238>0', '<P238>1');
  t.equal(htek.readConfig(other, phone).firmware, undefined, 'a phone that does not look');
  t.same(htek.bootFiles(phone), [
    { protocol: 'http', path: '/cfg001fc11c22a9', means: 'other' },
    { protocol: 'http', path: '/cfg001fc11c22a9.xml', means: 'phone-config' },
  ]);
  t.same(htek.fileAsked('/cfg001fc11c22a9.xml'), { kind: 'phone-config', mac: phone.mac });
  t.equal(htek.fileAsked('/cfg0010.xml'), undefined, 'the file of its model is cleanly absent');
  t.same(htek.fileAsked('/fw/r/fw926.rom'), { kind: 'image', fileName: 'fw926.rom' });
  const whose = (path: string) => identify({ path }).vendor;
  t.same(
    ['/cfg001fc11c22a9.xml', '/cfg000b821c22a9.xml', '/cfg0050581c22a9.xml', '/cfg0112.xml'].map(
      whose,
    ),
    ['Htek', 'Grandstream', 'Sangoma', 'Htek'],
  );
  t.end();
});

test('a phone of a line that is not served gets a file that sets nothing', (t) => {
  const snom = profileNamed('Snom');
  const rendition = { ...snomPhone, model: 'M900', firmware: snomImage, provisioning };
  const { body, holdsLogin } = snom.renderPhoneConfig(rendition, '/snomM900-000413922D24.htm');
  t.notMatch(body, 'perm');
  t.notOk(holdsLogin);
  t.same(snom.bootFiles({ mac: snomPhone.mac, model: 'M900' }), []);
  t.equal(snom.fileAsked('/snomM900.htm'), undefined);
  t.equal(
    profileNamed('Gigaset').fileAsked('/7C2F80E0D605.xml'),
    undefined,
    'capitals are an N510’s, which speaks another language',
  );
  t.end();
});

test('a switch that stands otherwise makes the image of no effect', (t) => {
  const body =
    '<flat-profile><Upgrade_Enable ua="na">No</Upgrade_Enable><Upgrade_Rule ua="na">http://a/x.bin</Upgrade_Rule></flat-profile>';
  t.equal(profileNamed('Linksys').readConfig(body).firmware, undefined);
  t.end();
});

test('a name that several vendors’ phones ask for is first answered by those with code of their own', (t) => {
  const answering = (path: string) =>
    PROFILES.filter((profile) => {
      const asked = profile.fileAsked(path);
      return asked !== undefined && asked.kind !== 'other';
    }).map(({ name }) => name);
  t.equal(answering('/805ec0123456.cfg')[0], 'Yealink');
  t.equal(answering('/0004f2e765da.cfg')[0], 'Yealink', 'as before, where no vendor is known');
  t.equal(answering('/002699000001.xml')[0], 'Cisco');
  t.same(answering('/y000000000066.cfg'), ['Yealink']);
  t.same(answering('/favicon.cfg'), [], 'no model of anyone’s');
  t.same(answering('/6930.cfg'), ['Mitel']);
  t.same(answering('/snomD785.htm'), ['Snom']);
  t.end();
});

test('hostile paths and files are answered quickly, with nothing', (t) => {
  for (const profile of PROFILES) {
    for (const text of [
      '/'.repeat(5000),
      `/snom${'D'.repeat(900)}.htm`,
      `/${'a'.repeat(2000)}.cfg`,
    ]) {
      t.equal(profile.fileAsked(text), undefined, profile.name);
    }
    for (const text of ['<', '<firmware perm="', 'a'.repeat(10), '\n', 'firmware server: ']) {
      t.equal(profile.readConfig(text.repeat(20_000)).provisioning, undefined, profile.name);
    }
  }
  t.end();
});
