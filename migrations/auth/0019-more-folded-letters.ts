import type { MigrationObject } from '@mikro-orm/core';
import { sqlMigration } from '../lib/migrations.ts';
import { FOLDED_NAMES, type FoldedCharacters, refold, searchText } from './0017-folded-names.ts';

const FOLDED: FoldedCharacters = {
  leftOut: `${FOLDED_NAMES.leftOut}\\u0241\\u0242\\u0294\\u0384\\u275b\\u275c`,
  accents: `${FOLDED_NAMES.accents}\\u093c\\u09bc\\u0a3c\\u0abc\\u0b3c\\u0c3c\\u0cbc`,
  separators: `${FOLDED_NAMES.separators}\\u02d7\\u2219\\u22c5`,
  dotsOfLl: '\\u00b7\\u2022\\u2027\\u2219\\u22c5',
  letterGroups: [
    ...FOLDED_NAMES.letterGroups,
    // Behind the others, which give the small letters of these.
    ['ⱥɑꟈɡꞡɦȷꝁꝃꝅꞣɬꝉȴɱꞥȵꝋᵽꝑꝓɋꝗꝙꞧʂꞩꟊȶ', 'aadgghjkkkklllmnnopppqqqrssst'],
  ],
  longerLetters: [
    ...FOLDED_NAMES.longerLetters,
    ...(['ꜳaa', 'ꜵao', 'ꜷau', 'ꜹav', 'ꜻav', 'ꜽay', 'ꝏoo'] as const).map(spelled),
    ...['\u05f0\u05d5\u05d5', '\u05f1\u05d5\u05d9', '\u05f2\u05d9\u05d9'].map(spelled),
    ...['ൔമ്', 'ൕയ്', 'ൖഴ്', 'ൺണ്', 'ൻന്', 'ർര്', 'ൽല്', 'ൾള്', 'ൿക്', 'ৎত্'].map(spelled),
  ],
};

/** A letter, followed by what it becomes. */
function spelled(form: string): [letter: string, folded: string] {
  return [form.charAt(0), form.slice(1)];
}

/**
 * Names are found without the dot below Indic letters, by letters of two that are typed one by one (Yiddish,
 * medieval Latin), by Malayalam and Bengali letters as they were once written, without a glottal stop, and
 * with further letters with a stroke.
 */
export const migration: MigrationObject = sqlMigration('2026-12-02-more-folded-letters', {
  up: refold(searchText(FOLDED)),
  down: refold(searchText(FOLDED_NAMES)),
});
