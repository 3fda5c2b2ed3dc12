/** Names and places that go together. They are made up. */
export interface Culture {
  languageCode: string;
  timeZone: string;
  regionCode: string;
  currencyCode: string;
  localities: readonly string[];
  firstNames: readonly string[];
  lastNames: readonly string[];
}

const words = (text: string): readonly string[] => text.split(' ');

/** Origins of the sample's users. */
export const CULTURES: readonly Culture[] = [
  {
    languageCode: 'pt-PT',
    timeZone: 'Europe/Lisbon',
    regionCode: 'PT',
    currencyCode: 'EUR',
    localities: ['Lisboa', 'Porto', 'Évora', 'Coimbra'],
    firstNames: words('Inês João Beatriz Tiago Leonor Rui Matilde Duarte'),
    lastNames: words('Carvalho Azevedo Nogueira Brandão Simões Teixeira Falcão'),
  },
  {
    languageCode: 'ja-JP',
    timeZone: 'Asia/Tokyo',
    regionCode: 'JP',
    currencyCode: 'JPY',
    localities: ['Kanazawa', 'Matsumoto', 'Sendai', 'Onomichi'],
    firstNames: words('Haruka Kenji Sakura Daichi Yuki Naoko Ren Ayumi'),
    lastNames: words('Shimizu Okada Hayashi Morita Fujimoto Ishikawa Kuroda'),
  },
  {
    languageCode: 'en-NG',
    timeZone: 'Africa/Lagos',
    regionCode: 'NG',
    currencyCode: 'NGN',
    localities: ['Ibadan', 'Enugu', 'Lagos', 'Abeokuta'],
    firstNames: words('Adaeze Tunde Ngozi Emeka Folake Chidi Yewande Ifeanyi'),
    lastNames: words('Okonkwo Adeyemi Balogun Nwosu Ogunleye Eze Afolabi'),
  },
  {
    languageCode: 'de-DE',
    timeZone: 'Europe/Berlin',
    regionCode: 'DE',
    currencyCode: 'EUR',
    localities: ['Görlitz', 'Freiburg', 'Lübeck', 'Weimar'],
    firstNames: words('Annika Jörg Lena Matthias Friederike Björn Clara Moritz'),
    lastNames: words('Brückner Lindemann Voß Hartwig Sommer Köhler Reuter'),
  },
  {
    languageCode: 'hi-IN',
    timeZone: 'Asia/Kolkata',
    regionCode: 'IN',
    currencyCode: 'INR',
    localities: ['Mysuru', 'Jaipur', 'Kochi', 'Indore'],
    firstNames: words('Ananya Rohan Meera Vikram Kavya Arjun Lakshmi Sanjay'),
    lastNames: words('Iyer Deshpande Chatterjee Nair Rathore Kulkarni Bose'),
  },
  {
    languageCode: 'es-MX',
    timeZone: 'America/Mexico_City',
    regionCode: 'MX',
    currencyCode: 'MXN',
    localities: ['Puebla', 'Mérida', 'Guanajuato', 'Oaxaca'],
    firstNames: words('Ximena Mateo Guadalupe Andrés Renata Joaquín Itzel Emilio'),
    lastNames: words('Zamora Villaseñor Ibarra Quintana Rosales Núñez Cárdenas'),
  },
  {
    languageCode: 'pl-PL',
    timeZone: 'Europe/Warsaw',
    regionCode: 'PL',
    currencyCode: 'PLN',
    localities: ['Toruń', 'Gdańsk', 'Lublin', 'Zamość'],
    firstNames: words('Zofia Wojciech Hanna Łukasz Jadwiga Paweł Agnieszka Michał'),
    lastNames: words('Wrona Sikora Jabłoński Górecka Mazur Krawczyk Zając'),
  },
  {
    languageCode: 'ar-MA',
    timeZone: 'Africa/Casablanca',
    regionCode: 'MA',
    currencyCode: 'MAD',
    localities: ['Fès', 'Rabat', 'Essaouira', 'Tétouan'],
    firstNames: words('Salma Youssef Hind Karim Imane Hamza Zineb Anas'),
    lastNames: words('Benali Tazi Chraibi Lahlou Berrada Skalli Filali'),
  },
];
