import { Secret, type Setting } from '@rollcall/runtime';

type About = Omit<Setting<unknown>, 'parse'>;

/** A text that must not be seen: printable ASCII without blanks, as a header can carry it. */
export function secretSetting(about: About): Setting<Secret> {
  return { ...about, parse: parseSecret };
}

/** Several texts that must not be seen, separated by commas; where it is left out, none. */
export function secretsSetting(about: About): Setting<readonly Secret[]> {
  const parse = (text: string) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean)
      .map(parseSecret);
  return { ...about, default: '', parse };
}

// The text itself is never repeated in a message.
function parseSecret(text: string): Secret {
  if (!/^[!-~]+$/.test(text)) throw new Error('letters, digits and signs of ASCII, without blanks');
  return new Secret(text);
}

const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;

/** Names of hosts, each perhaps with a port, separated by commas; where it is left out, none. */
export function hostsSetting(about: About): Setting<readonly string[]> {
  const parse = (text: string) => {
    const hosts = text
      .split(',')
      .map((each) => each.trim().toLowerCase())
      .filter(Boolean);
    if (!hosts.every((each) => HOST.test(each)))
      throw new Error('of the form hooks.example.com,other.example.com:8443');
    return hosts;
  };
  return { ...about, default: '', parse };
}

/** An address of the web: a scheme, a host, perhaps a port and a path, and neither user nor query. */
export function urlSetting(about: About): Setting<URL> {
  return { ...about, parse: parseUrl };
}

/** An account at Stripe. */
export function accountSetting(about: About): Setting<string> {
  const parse = (text: string) => {
    if (!/^acct_[A-Za-z0-9]{1,200}$/.test(text)) throw new Error('of the form acct_…');
    return text;
  };
  return { ...about, parse };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  const isPlain = url && !url.username && !url.password && !url.search && !url.hash;
  if (!isPlain || !/^https?:$/.test(url.protocol)) throw new Error('of the form https://host:port');
  return url;
}
