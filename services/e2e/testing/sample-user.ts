/** First user of the sample of `npm start`, which the READMEs use in examples. */
export const SAMPLE_USER_ID = '019b8d2b-8c00-7957-8062-6d765bdcc4fd';

/** The same, as the sample makes them; `services/local/sample/sample.test.ts` holds the sample to it. */
export const SAMPLE_USER = {
  firstName: 'Agnieszka',
  lastName: 'Sikora',
  email: 'agnieszka.sikora.1@example.com',
};
