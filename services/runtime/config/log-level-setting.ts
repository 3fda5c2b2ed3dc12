import { LOG_LEVELS } from '../log/logger.ts';
import { choiceSetting } from './config.ts';

/** How much a service logs: one variable for all of them. */
export const LOG_LEVEL_SETTING = choiceSetting({
  variable: 'LOG_LEVEL',
  default: 'info',
  choices: LOG_LEVELS,
  doc: 'How much every service logs; debug adds a line for each call that succeeded.',
});
