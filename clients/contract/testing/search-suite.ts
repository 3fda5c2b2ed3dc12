import { describe, expect, it } from 'vitest';
import { UserRole, UserState, UserView } from '../user.ts';
import { expectRefusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

/** Tests SearchUsers. */
export function describeSearching(subject: () => ServiceSubject): void {
  const ids = async (tenantId: string, query: string, request: object = {}) =>
    (await subject().admin.searchUsers({ tenantId, query, ...request })).matches.map(({ user }) => user?.id);
  const named = async (tenantId: string, firstName: string, lastName = '', fields: object = {}) =>
    (await seedUser(subject(), tenantId, { firstName, lastName, ...fields })).id;

  describe('searching users', () => {
    it('finds an exact address in any letter case, and a phone number in any format', async () => {
      const tenantId = freshTenant();
      await named(tenantId, 'Eve');
      const id = await named(tenantId, 'Ada', '', { email: 'ada.l@example.com', phone: '+351 21 555 0101' });
      for (const [query, field] of [
        ['ADA.L@example.com', 'email'],
        ['351-21-555-0101', 'phone'],
      ] as const) {
        const { matches, nextPageToken } = await subject().admin.searchUsers({ tenantId, query });
        expect(matches).toMatchObject([{ user: { id, email: '' }, score: 1, matchedFields: [field] }]);
        expect(nextPageToken).toBe('');
      }
      expect(await ids(tenantId, 'da.l@example.com')).toEqual([]);
      expect(await ids(tenantId, '21 555 0101')).toEqual([]);
    });

    it('phones: finds a number with an extension by its main number, but no longer number', async () => {
      const tenantId = freshTenant();
      const extended = await named(tenantId, 'Ada', '', { phone: '+1 212 555 0100 x5' });
      const longer = await named(tenantId, 'Eve', '', { phone: '+1 21255501005' });
      const found = [
        '+1 212 555 0100',
        '(1) 212-555-0100',
        '+1 212 555 0100 ext. 7',
        '001 212 555 0100;ext=5',
      ];
      for (const query of found) expect(await ids(tenantId, query)).toEqual([extended]);
      expect(await ids(tenantId, '+1 212 555 0100#5')).toEqual([extended]);
      expect(await ids(tenantId, '+1 21255501005')).toEqual([longer]);
      const { user } = await subject().users.getUser({ tenantId, id: extended, view: UserView.BASIC });
      expect(user?.phone).toBe('+1 212 555 0100 x5');
    });

    it('ranks whole names first, then prefixes, then substrings', async () => {
      const tenantId = freshTenant();
      const part = await named(tenantId, 'Susana', 'Reis');
      const begun = await named(tenantId, 'Anabela', 'Costa');
      const whole = await named(tenantId, 'Ana', 'Ferro');
      const business = await named(tenantId, '', '', { businessName: "Joana's Guest House" });
      await named(tenantId, 'Rui', 'Pires');
      const { matches } = await subject().admin.searchUsers({ tenantId, query: 'ana' });
      expect(matches.map(({ user }) => user?.id).slice(0, 2)).toEqual([whole, begun]);
      expect(matches.map(({ user }) => user?.id).sort()).toEqual([whole, begun, part, business].sort());
      const scores = matches.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
      expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
      const fields = new Map(matches.map(({ user, matchedFields }) => [user?.id, matchedFields]));
      expect([fields.get(whole), fields.get(business)]).toEqual([['first_name'], ['business_name']]);
      expect(await ids(tenantId, 'an')).toHaveLength(4);
    });

    it('ignores letter case and accents', async () => {
      const tenantId = freshTenant();
      const id = await named(tenantId, 'Łukasz', 'Góring-Voß');
      for (const query of ['lukasz', 'ŁUKASZ', 'goring', 'VOSS', 'lukasz goring-voß', 'Gö', 'ring'])
        expect([query, await ids(tenantId, query)]).toEqual([query, [id]]);
    });

    it('tolerates one letter missing, added, wrong or swapped', async () => {
      const tenantId = freshTenant();
      const id = await named(tenantId, 'Ngozi', 'Okonkwo');
      await named(tenantId, 'Ana', 'Silva');
      for (const query of ['okonko', 'okonkkwo', 'okonqwo', 'okonkow', 'ogonkwo', 'ngzoi', 'ngozi okonwko'])
        expect([query, await ids(tenantId, query)]).toEqual([query, [id]]);
      expect(await ids(tenantId, 'okamqwo')).toEqual([]);
    });

    it('requires all words of the query, in any order', async () => {
      const tenantId = freshTenant();
      const id = await named(tenantId, 'Maria', 'Silva');
      await named(tenantId, 'Maria', 'Sousa');
      const longer = await named(tenantId, 'Mariana', 'Silveira');
      expect(await ids(tenantId, 'silva maria')).toEqual([id]);
      expect(await ids(tenantId, 'maria sil')).toEqual([id, longer]);
      expect(await ids(tenantId, 'maria s')).toHaveLength(3);
      expect(await ids(tenantId, 'maria x')).toEqual([]);
    });

    it('finds names in any script, and signs', async () => {
      const tenantId = freshTenant();
      const japanese = await named(tenantId, '', '', { displayName: '田中太郎' });
      const ukrainian = await named(tenantId, 'Тарас', 'ШЕВЧЕНКО');
      const arabic = await named(tenantId, 'محمد', 'بن علي');
      const sign = await named(tenantId, '', '', { businessName: 'Pizza 🍕🍕' });
      expect(await ids(tenantId, '太郎')).toEqual([japanese]);
      expect(await ids(tenantId, 'шевч')).toEqual([ukrainian]);
      expect(await ids(tenantId, 'محمد')).toEqual([arabic]);
      expect(await ids(tenantId, '🍕🍕')).toEqual([sign]);
    });

    it.each([
      [
        'invisible',
        'Jo\u200bhanna',
        'Hintze',
        ['Johanna', 'jo\u00adhanna', 'hin\u2060tze', '\ufeffJohanna Hintze'],
      ],
      ['invisible', 'علی\u200cرضا', 'کریمی', ['علیرضا', 'علی\u200cرضا', 'عليرضا', 'علی\u200dرضا کریمی']],
      ['invisible', 'Johanna', 'Hin\u00adtze', ['Jo\u200bhanna', 'hintze']],
      ['apostrophes', 'Kaʻaʻawa', 'Kahananui', ['kaaawa', 'Ka’a’awa', "ka'a'awa", 'KAʼAʼAWA']],
      ['apostrophes', 'Sinéad', 'O´Connor', ['oconnor', 'O’Connor', 'O`Connor', 'OʻConnor', 'o＇connor']],
      ['apostrophes', 'Sahaiʔa', 'O΄Brien', ['sahaia', 'Sahai’a', 'obrien', "o'brien"]],
      ['invisible', 'മോഹൻ', 'ലാൽ', ['മോഹന്\u200d', 'ലാല്\u200d മോഹൻ']],
      ['folded-names', 'ज़ाकिर', 'ख़ान', ['जाकिर', 'खान', 'ज़ाकिर', 'खान जाकिर']],
      ['capitals', 'Anna', 'WEIẞ', ['weiss', 'Weiß', 'WEISS', 'weiẞ']],
      ['capitals', 'ΟΔΥΣΣΕΥΣ', 'İnönü', ['οδυσσευς', 'οδυσσευσ', 'inonu', 'INÖNÜ', 'ınönü']],
      ['folded-names', 'Ｓøren', 'Đặng', ['soren', 'sØren', 'dang', 'ｄａｎｇ']],
      ['folded-names', 'ﾀﾛｳ', '佐々木', ['タロウ', 'たろう', '佐々木', '々木']],
    ])('%s: finds %s %s as %j', async (_, firstName, lastName, queries) => {
      const tenantId = freshTenant();
      const id = await named(tenantId, firstName, lastName);
      await named(tenantId, 'Zoe', 'Quist');
      for (const query of queries) expect([query, await ids(tenantId, query)]).toEqual([query, [id]]);
    });

    it('short-names: finds a name of one character that is a word or a syllable', async () => {
      const tenantId = freshTenant();
      const li = await named(tenantId, '小明', '李');
      const kim = await named(tenantId, '민수', '김');
      const joined = await named(tenantId, '', '', { displayName: '王小李' });
      expect(await ids(tenantId, '李')).toEqual([li, joined]);
      expect(await ids(tenantId, '\u200b李\u200b')).toEqual([li, joined]);
      expect(await ids(tenantId, '명')).toEqual([]);
      expect(await ids(tenantId, '김')).toEqual([kim]);
      expect(await ids(tenantId, '明')).toEqual([li]);
      expect(await ids(tenantId, '李 小')).toEqual([li, joined]);
    });

    it.each([
      ['小明', '李', ['李小明', '小明李', '李 小明', '小明 李', '李　小明', '李小']],
      ['太郎', '田中', ['田中太郎', '太郎田中', '田中・太郎', '田中太']],
      ['민수', '김', ['김민수', '민수김', '김 민수', '김민']],
      ['สมชาย', 'ใจดี', ['สมชายใจดี', 'ใจดีสมชาย', 'สมชาย ใจดี', 'สมชายใจ']],
      ['小 明', '欧阳', ['欧阳小明', '小明欧阳']],
      [
        'กัลยาณิวัฒนาพรรณี',
        'ศรีสุวรรณวงศ์ประเสริฐกุล',
        ['กัลยาณิวัฒนาพรรณีศรีสุวรรณวงศ์ประเสริฐกุล', 'ศรีสุวรรณวงศ์ประเสริฐกุลกัลยาณิวัฒนาพรรณี'],
      ],
      ['Xiaoming', '李', ['xiaoming李', '李Xiaoming']],
    ])('joined-names: finds %s %s as %j', async (firstName, lastName, queries) => {
      const tenantId = freshTenant();
      const id = await named(tenantId, firstName, lastName);
      await named(tenantId, '花', '鈴木');
      for (const query of queries) expect([query, await ids(tenantId, query)]).toEqual([query, [id]]);
    });

    it('joined-names: finds a name in two fields and in one', async () => {
      const tenantId = freshTenant();
      const apart = await named(tenantId, '小明', '李');
      const joined = await named(tenantId, '', '', { displayName: '李小明' });
      const other = await named(tenantId, '小红', '李');
      for (const query of ['李小明', '李 小明'])
        expect([query, (await ids(tenantId, query)).sort()]).toEqual([query, [apart, joined].sort()]);
      expect(await ids(tenantId, '小明李')).toContain(apart);
      expect(await ids(tenantId, '李小红')).toEqual([other]);
    });

    it('treats wildcards of SQL as plain characters', async () => {
      const tenantId = freshTenant();
      const id = await named(tenantId, '', '', { businessName: '50%_off a\\b' });
      await named(tenantId, 'Ada', 'Lovelace');
      for (const query of ['%%', '__', '_%', '\\\\', '%a%', 'a_a', '""', '()'])
        expect([query, await ids(tenantId, query)]).toEqual([query, []]);
      for (const query of ['%_', '50%', 'a\\b', '0%_off a\\'])
        expect([query, await ids(tenantId, query)]).toEqual([query, [id]]);
    });

    it('short-names: accepts queries of 2 to 200 visible characters', async () => {
      const tenantId = freshTenant();
      const name = 'x'.repeat(200);
      const id = await named(tenantId, name);
      expect(await ids(tenantId, 'xx')).toEqual([id]);
      expect(await ids(tenantId, name)).toEqual([id]);
      expect(await ids(tenantId, 'xy '.repeat(66))).toEqual([]);
      for (const query of ['', 'x', 'é', 'x\u200b', '\u200b\u200b\u200b', 'x'.repeat(201)]) {
        const refused = subject().admin.searchUsers({ tenantId, query });
        await expectRefusal(refused, { code: 'InvalidArgument', reason: 'FIELD_INVALID', fields: ['query'] });
      }
    });

    it('filters by role, state and tags, and returns the requested view', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const vendor = await named(tenantId, 'Ada', 'A', {
        role: UserRole.VENDOR,
        profile: { tags: ['a', 'b'] },
      });
      const suspended = await named(tenantId, 'Ada', 'B', { profile: { tags: ['a'] } });
      await admin.updateUser({
        tenantId,
        user: { id: suspended, state: UserState.SUSPENDED },
        updateMask: { paths: ['state'] },
      });
      expect(await ids(tenantId, 'ada')).toHaveLength(2);
      expect(await ids(tenantId, 'ada', { filter: { roles: [UserRole.VENDOR] } })).toEqual([vendor]);
      expect(await ids(tenantId, 'ada', { filter: { states: [UserState.SUSPENDED] } })).toEqual([suspended]);
      expect(await ids(tenantId, 'ada', { filter: { tags: ['a'] } })).toHaveLength(2);
      expect(await ids(tenantId, 'ada', { filter: { tags: ['a', 'b'] } })).toEqual([vendor]);
      expect(await ids(tenantId, 'ada', { filter: { roles: [UserRole.ADMIN] } })).toEqual([]);
      const { matches } = await admin.searchUsers({
        tenantId,
        query: 'ada a',
        view: UserView.BASIC,
        pageSize: 1,
      });
      expect(matches[0]?.user?.email).toMatch(/@/);
    });

    it.each([
      ['one word', 'ada'],
      ['several words', 'ada l'],
    ])(
      'returns the users of %s once each in pages, best first, also while others are created',
      async (_, query) => {
        const { admin } = subject();
        const tenantId = freshTenant();
        const made: (string | undefined)[] = [];
        for (const firstName of ['Ada', 'Adaeze', 'Ada', 'Fadak', 'Adam', 'Ada', 'Adda'])
          made.push(await named(tenantId, firstName, 'Lovelace'));
        const seen: { id: string | undefined; score: number }[] = [];
        let pageToken = '';
        do {
          const page = await admin.searchUsers({ tenantId, query, pageSize: 2, pageToken });
          seen.push(...page.matches.map(({ user, score }) => ({ id: user?.id, score })));
          if (pageToken === '') await named(tenantId, 'Ada', 'Late');
          pageToken = page.nextPageToken;
        } while (pageToken);
        const found = seen.map(({ id }) => id);
        expect(new Set(found).size).toBe(found.length);
        expect(found).toEqual(expect.arrayContaining(made.filter((id) => id !== made[6])));
        expect(seen.map(({ score }) => score)).toEqual(seen.map(({ score }) => score).sort((a, b) => b - a));
      },
    );

    it('returns users who share a phone number in pages', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const made: string[] = [];
      for (let i = 0; i < 3; i++) made.push(await named(tenantId, 'Ada', '', { phone: '+351 999 000' }));
      const seen: (string | undefined)[] = [];
      let pageToken = '';
      do {
        const page = await admin.searchUsers({ tenantId, query: '351999000', pageSize: 2, pageToken });
        seen.push(...page.matches.map(({ user }) => user?.id));
        pageToken = page.nextPageToken;
      } while (pageToken);
      expect(seen.sort()).toEqual(made.sort());
    });

    it('finds a user by the new name, and not by the old one', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const id = await named(tenantId, 'Augusta', 'Byron');
      const user = { id, lastName: 'King' };
      await admin.updateUser({ tenantId, user, updateMask: { paths: ['last_name'] } });
      expect(await ids(tenantId, 'byron')).toEqual([]);
      expect(await ids(tenantId, 'augusta king')).toEqual([id]);
    });

    it('finds no user of another tenant', async () => {
      const { admin } = subject();
      const { email, phone } = await seedUser({ admin }, freshTenant(), { firstName: 'Zenobia' });
      for (const query of ['zenobia', 'zenobai', email, phone])
        expect(await ids(freshTenant(), query)).toEqual([]);
    });

    it.each([
      ['that is garbage', () => 'garbage', {}],
      ['of another query', (token: string) => token, { query: 'lovelace' }],
      ['of another tenant', (token: string) => token, { tenantId: freshTenant() }],
      ['of another filter', (token: string) => token, { filter: { roles: [UserRole.ADMIN] } }],
    ])('refuses a page token %s', async (_, forge, changes) => {
      const { admin } = subject();
      const request = { tenantId: freshTenant(), query: 'ada', pageSize: 1 };
      for (let i = 0; i < 2; i++) await seedUser({ admin }, request.tenantId);
      const { nextPageToken } = await admin.searchUsers(request);
      expect(nextPageToken).not.toBe('');
      await expectRefusal(admin.searchUsers({ ...request, pageToken: forge(nextPageToken), ...changes }), {
        code: 'InvalidArgument',
        reason: 'PAGE_TOKEN_INVALID',
        fields: ['page_token'],
      });
    });
  });
}
