import { foldCase, visibleText } from '@rollcall/contract/text';
import { SignInError } from '../sign-in-error.ts';

/**
 * Refuses a new password that attackers try first: a common one, or the user's own address or its first part.
 * The proto file has the rules of length. All characters are allowed (NIST SP 800-63B-4, section 3.1.1.2).
 * @throws SignInError PASSWORD_TOO_COMMON
 */
export function requireGoodPassword(password: string, email: string): void {
  const [lower, address] = [password, email].map((text) => foldCase(visibleText(text).normalize('NFKC')));
  const isOwn = Boolean(address) && (lower === address || lower === address?.split('@', 1)[0]);
  if (!isOwn && !isCommonPassword(password)) return;
  throw new SignInError(
    'PASSWORD_TOO_COMMON',
    'This password is among the first that are guessed; choose another one, such as a few unrelated words.',
  );
}

// The passwords of eight and more characters at the top of published lists of leaked ones. In lower case,
// without digits and marks at their end: `password`, `password1` and `Password123!` are one entry.
const STEMS = `
password passw0rd p@ssword p@ssw0rd pass1word mypassword thepassword newpassword passport password-
qwertyui qwertyuiop qwerty qwertz qwertzuiop azertyui azertyuiop azerty asdfghjk asdfghjkl zxcvbnm asdfasdf
qwerasdf qweasdzxc asdfghjkl; qazwsx qazwsxedc wsxedc zaqwsx zaq1xsw2 zaq12wsx 1qaz2wsx 1qaz2wsx3edc 1q2w3e4r
1q2w3e4r5t 1q2w3e 1q2w3e4r5t6y q1w2e3r4 q1w2e3r4t5 qwer1234 q1w2e3 a1b2c3d4 abcd1234 abc123 abcdefgh abcdefghi
1234qwer 123qwe 12qwaszx 123abc 1a2b3c4d aa123456 aaaaaaaa
iloveyou iloveu iloveyou! loveyou iloveme lovelove loveme mylove
princess sunshine football baseball basketball superman batman spiderman starwars pokemon
dragon monkey shadow master michael jennifer jordan hunter trustno1 whatever welcome welcome1
letmein letmein1 computer internet samsung chocolate butterfly elephant dolphins liverpool chelsea arsenal
barcelona juventus realmadrid manchester corvette mercedes ferrari porsche mustang yamaha harley
december november october september february january summer winter autumn spring
administrator admin administ administrador adminadmin root rootroot toor changeme change_me default guest
testtest test tester testing secret secret123 topsecret nothing forever freedom blessed jesus jesuschrist
alexander jonathan christian samantha nicholas victoria elizabeth charlotte benjamin stephanie
garfield scooter rush2112 redskins steelers cowboys yankees lakers
metallica nirvana slipknot blink182 eminem pa55word pa55w0rd
booking hotel vendor rollcall customer
fuckyou fuckoff asshole
hello hellohello goodbye goodluck sunflower rainbow flower purple
1234567890 0987654321 0123456789 11223344 1122334455 112233445566 147258369 789456123 741852963 159753456 123654789 87654321 12344321 12345679
killer matrix phoenix access login loginlogin
`
  .trim()
  .split(/\s+/);

const COMMON = new Set(STEMS);

/**
 * Whether attackers try a password first: it is on the list, with any digits and marks around it; or it
 * repeats up to four characters; or it is a run such as `12345678` or `hgfedcba`. Letters of every script
 * count: a common word beside letters of another script is another password. Invisible characters do not
 * count.
 */
export function isCommonPassword(password: string): boolean {
  const lower = foldCase(visibleText(password).normalize('NFKC'));
  const stem = lower.replace(/^[^\p{L}\p{M}]+|[^\p{L}\p{M}]+$/gu, '');
  return COMMON.has(lower) || COMMON.has(stem) || isRun(lower) || /^(.{1,4})\1+$/u.test(lower);
}

// Whether each character is as far from the one before as the second is from the first, and by one at most.
function isRun(text: string): boolean {
  const codes = [...text].map((each) => each.codePointAt(0) ?? 0);
  const step = (codes[1] ?? 0) - (codes[0] ?? 0);
  return Math.abs(step) <= 1 && codes.every((code, i) => i === 0 || code - (codes[i - 1] ?? 0) === step);
}
