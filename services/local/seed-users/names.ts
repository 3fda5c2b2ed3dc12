import { CULTURES, type Culture } from '../sample/cultures.ts';
import type { Random } from '../sample/sample-users.ts';

/** Given names, family names, and parts of family names. They are made up. */
interface NameStock {
  readonly languageCode: string;
  readonly regionCode: string;
  readonly firstNames: readonly string[];
  readonly lastNames: readonly string[];
  /** Further family names: each beginning with each ending. */
  readonly beginnings: readonly string[];
  readonly endings: readonly string[];
}

const words = (text: string): readonly string[] => text.split(' ');

const MORE: readonly NameStock[] = [
  {
    languageCode: 'en-GB',
    regionCode: 'GB',
    firstNames: words(
      'Oliver Amelia George Isla Harry Ava Noah Emily Jack Sophie Charlie Grace Jacob Lily Alfie Freya Oscar Ella James Evie William Ruby Thomas Poppy Henry Alice Edward Phoebe Samuel Hannah Daniel Martha Joseph Rosie Arthur Florence Stephen Margaret Jonathan Katherine',
    ),
    lastNames: words(
      'Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson Clarke Hughes Edwards Turner Hill Moore',
    ),
    beginnings: words(
      'Ash Black Brad Brook Clay Cob Dun East Farn Gold Graf Hal Hart Holm Kings Lang Leigh Mar Mid New North Oak Pem Red Rock Shel South Stan Thorn Wake West Whit Win Wood',
    ),
    endings: words(
      'bury burn by cliffe combe cote croft dale field ford gate ham hurst land ley low mere more ridge shaw stead stone ton well wick wood worth',
    ),
  },
  {
    languageCode: 'pt-BR',
    regionCode: 'BR',
    firstNames: words(
      'Maria José Ana João Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Luís Gabriel Rafael Daniel Marcelo Bruno Eduardo Felipe Raimundo Rodrigo Juliana Adriana Márcia Fernanda Patrícia Aline Sandra Camila Amanda Bruna Jéssica Letícia Júlia Luciana Vanessa Mariana Gabriela Vera',
    ),
    lastNames: words(
      'Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho Almeida Lopes Soares Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira Nunes',
    ),
    beginnings: words(
      'Aze Bar Bran Cal Cam Car Cor Fer Fig Gal Gon Gui Mach Mal Mar Men Mont Mou Nor Per Pin Quin Sal Sam Sar Sil Tei Val Var Ven',
    ),
    endings: words(
      'ães ado ares ares aria ato donça eira eiro elho enço endes engo entel gueira inho iano mões ola onte oso queira reira rado vão veira xeira',
    ),
  },
  {
    languageCode: 'pl-PL',
    regionCode: 'PL',
    firstNames: words(
      'Anna Piotr Maria Krzysztof Katarzyna Andrzej Małgorzata Tomasz Agnieszka Jan Barbara Paweł Ewa Michał Krystyna Marcin Elżbieta Jakub Magdalena Adam Joanna Łukasz Aleksandra Marek Zofia Grzegorz Monika Mateusz Teresa Wojciech Danuta Mariusz Natalia Dariusz Karolina Zbigniew Marta Jerzy Beata Rafał',
    ),
    lastNames: words(
      'Nowak Wójcik Kowalczyk Woźniak Mazur Krawczyk Kaczmarek Zając Król Wieczorek Wróbel Stępień Pawlak Walczak Sikora Baran Duda Szewczyk Pietrzak Wilk',
    ),
    beginnings: words(
      'Adam Borow Brzez Czarn Dąbr Dobr Dud Gór Grab Jan Jabłoń Jas Kal Kamiń Karp Kow Kozł Lew Maj Mal Nied Ostr Pawł Pietr Sad Siko Sob Urb Wis Woj Zak Zal Zieliń',
    ),
    endings: words(
      'acki alski arski czyk ecki elski ewicz icki iński kiewicz kowski niak niewski nowski ocki owicz owski ski ulski yński',
    ),
  },
  {
    languageCode: 'de-DE',
    regionCode: 'DE',
    firstNames: words(
      'Peter Ursula Michael Monika Thomas Petra Andreas Sabine Wolfgang Renate Klaus Helga Jürgen Karin Günther Brigitte Stefan Ingrid Christian Erika Uwe Andrea Werner Gisela Frank Claudia Jörg Susanne Björn Gabriele Matthias Heike Ralf Katharina Götz Käthe Lukas Leonie Finn Jana',
    ),
    lastNames: words(
      'Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Weiß',
    ),
    beginnings: words(
      'Acker Alt Bach Berg Birn Blum Brand Brunn Busch Ditt Ecker Eich Feld Gold Groß Grün Haber Hart Heid Hirsch Hohen Kalt Kirch Königs Linden Mittel Neu Ober Rosen Schön Stein Stoll Wald Weiß',
    ),
    endings: words(
      'acher bach bauer berg berger born brock dorf egger feld felder hagen hammer haus heim hofer holz huber kamp lein lich mann meier müller stein thal wald weiler',
    ),
  },
  {
    languageCode: 'ja-JP',
    regionCode: 'JP',
    firstNames: words(
      '太郎 花子 健二 さくら 大輔 美咲 翔太 陽菜 拓也 葵 直樹 結衣 Hiroshi Yoko Takashi Keiko Akira Naomi Satoshi Emi Kazuki Mai Ryota Aya Shinji Rina Makoto Hana Kenta Yui',
    ),
    lastNames: words(
      '佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 Sato Suzuki Takahashi Tanaka Ito Watanabe Yamamoto Nakamura Kobayashi Kato',
    ),
    beginnings: words(
      'Aki Ao Asa Fuji Fuku Haya Hira Hoso Ichi Ishi Iwa Kane Kawa Kita Kuro Matsu Miya Mori Naga Naka Nishi No Oka Saka Shima Sugi Taka Take Toyo Uchi Waka Yama Yoshi',
    ),
    endings: words(
      'bayashi da gawa guchi hara hashi i kawa ki kura mi moto mura naka no oka saki sawa shima shita ta tani ue wa yama',
    ),
  },
  {
    languageCode: 'hi-IN',
    regionCode: 'IN',
    firstNames: words(
      'Aarav Aditi Amit Anjali Anil Deepa Arjun Divya Ashok Kavita Deepak Lakshmi Ganesh Meena Harish Neha Karan Nisha Manoj Pooja Mohan Priya Nikhil Radha Prakash Rekha Rahul Sangeeta Rajesh Shanti Ravi Sita Sanjay Sunita Suresh Swati Vijay Usha Vivek Vidya अमित प्रिया',
    ),
    lastNames: words(
      'Sharma Verma Gupta Singh Kumar Patel Reddy Rao Nair Menon Iyer Joshi Desai Mehta Shah Chatterjee Banerjee Mukherjee Das Ghosh Bose Sen Pillai Chopra Kapoor Malhotra',
    ),
    beginnings: words(
      'Agar Bal Bhatt Chandra Chaudh Dev Gan Gopal Hari Jag Kesh Krishna Lal Maha Mukh Nara Padma Prem Raj Rama San Shiv Soma Sri Sura Tej Uma Ven Vish Yad',
    ),
    endings: words(
      'ani antha appa ar arao ath chary deo esh gowda ikar inder jan karan kumar moorthy nath pal pathi prasad raj raman singh swamy uri wal war yan',
    ),
  },
  {
    languageCode: 'uk-UA',
    regionCode: 'UA',
    firstNames: words(
      'Олександр Олена Сергій Наталія Андрій Ірина Володимир Тетяна Микола Оксана Іван Світлана Юрій Людмила Oleksandr Olena Serhii Iryna Andrii Kateryna Dmytro Yulia Taras Halyna',
    ),
    lastNames: words(
      'Шевченко Бондаренко Коваленко Ткаченко Кравченко Олійник Shevchenko Melnyk Boyko Kovalchuk Tkachuk Savchenko Rudenko Petrenko Moroz Lysenko',
    ),
    beginnings: words(
      'Bab Bil Bond Chor Dan Dov Fed Hav Hon Hor Hry Kar Khar Kly Kol Kost Kov Kuz Lev Lys Mar Mel Myk Naz Ost Pal Pav Pon Rom Shap Sym Tym Vas Yar Zah',
    ),
    endings: words(
      'achenko adenko alenko arenko asiuk atenko chenko chuk ech enko eniuk etsky halo iienko imenko ivsky iuk nyk ovsky orenko shyn uk ulenko yk yshyn',
    ),
  },
  {
    languageCode: 'tr-TR',
    regionCode: 'TR',
    firstNames: words(
      'Mehmet Fatma Mustafa Ayşe Ahmet Emine Ali Hatice Hüseyin Zeynep Hasan Elif İbrahim Meryem İsmail Şerife Osman Zehra Yusuf Sultan Murat Hanife Ömer Merve Ramazan Havva Halil Zeliha Süleyman Esra',
    ),
    lastNames: words(
      'Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan Şimşek',
    ),
    beginnings: words(
      'Ak Al Altın Ay Bal Baş Boz Çak Can Dağ Demir Er Gök Gül Güm Gün Kara Kay Kır Kız Öz Pek Sar Say Taş Tek Tun Uç Uz Yal Yav Yıl',
    ),
    endings: words(
      'alp ar ata aycan baş bay bulut can çelik daş demir doğan el er gül han kan kaya kurt maz oğlu soy su taş tekin türk yürek',
    ),
  },
  {
    languageCode: 'es-ES',
    regionCode: 'ES',
    firstNames: words(
      'Antonio Carmen Manuel Ana José Isabel Francisco Dolores David Pilar Juan Teresa Javier Rosa Daniel Cristina Carlos Francisca Jesús Laura Alejandro Antonia Miguel Mercedes Rafael Marta Pedro Elena Ángel Lucía Pablo Raquel Sergio Rocío Fernando Beatriz Jorge Inés Luis Sofía',
    ),
    lastNames: words(
      'García González Rodríguez Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil',
    ),
    beginnings: words(
      'Agui Alar Alca Ber Bena Bus Caba Cara Cas Cer Esca Esco Espi Fuen Gal Garri Herre Iba Lara Loza Mal Mendo Mon More Ola Pala Que Riba Sala Sego Tala Valen Villa Zara Zulo',
    ),
    endings: words(
      'ba ca cada da dero do ga garay iz lar llero mante mora nares noza ña res rica rillo ro rte sco sosa tegui toya varro via villa yola za zábal',
    ),
  },
  {
    languageCode: 'fr-FR',
    regionCode: 'FR',
    firstNames: words(
      'Jean Marie Michel Nathalie Philippe Isabelle Pierre Sylvie André Catherine Nicolas Martine Christophe Christine Frédéric Françoise Julien Valérie Laurent Sandrine François Stéphanie Éric Véronique Sébastien Céline David Chantal Stéphane Hélène Olivier Émilie Léa Louis Chloé Hugo Zoé Noël Anaïs Loïc',
    ),
    lastNames: words(
      'Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre Leroy Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent',
    ),
    beginnings: words(
      'Aubri Bar Beau Ber Bois Bon Bou Cha Char Clé Cour De Del Du Fau Gar Gau Gi Gué La Lam Le Mar Mon Mor Pas Pel Per Pré Ray Ro Rous Sau Tou Val',
    ),
    endings: words(
      'bert bois champ chard cier cour croix dier don geron gnier heau land lanc let lier lin mont nard nault nier quet rand reau rel rin salle ssier taine tier ton vert ville',
    ),
  },
  {
    languageCode: 'zh-CN',
    regionCode: 'CN',
    firstNames: words(
      '伟 芳 娜 秀英 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 Wei Fang Na Xiuying Min Jing Li Qiang Lei Jun Yang Yong Yan Jie Juan Tao Ming Chao Xiulan Xia',
    ),
    lastNames: words(
      '王 李 张 刘 陈 杨 黄 赵 吴 周 Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo',
    ),
    beginnings: words('Ou Si Zhu Xia Shang Huang Dong Nan Bai Wan'),
    endings: words('yang ma ge hou guan fu fang gong li qi'),
  },
  {
    languageCode: 'en-NG',
    regionCode: 'NG',
    firstNames: words(
      'Chinedu Amaka Emeka Ngozi Ifeanyi Chioma Obinna Adaeze Kelechi Nneka Tunde Folake Segun Yetunde Femi Bukola Kayode Funke Babatunde Titilayo Musa Aisha Ibrahim Fatima Sani Zainab Garba Halima Uche Ebele',
    ),
    lastNames: words(
      'Okonkwo Okafor Eze Nwosu Obi Okeke Onyeka Adeyemi Adebayo Balogun Ogunleye Afolabi Bello Abubakar Musa Danjuma Yakubu Lawal Sule Okoro',
    ),
    beginnings: words(
      'Ade Aki Ako Anya Ayo Chuk Ebo Eke Eme Eze Fa Ife Iwu Mba Ndu Nna Nwa Oba Odu Ofo Ogu Oji Oke Oko Olu Ony Oso Owo Ubo Udo Uko Uzo',
    ),
    endings: words(
      'agu amara anya bayo bunmi dike dinma dozie duka emeka femi gbola jimi kanma kola kwe kwo lade lola mba mide nna okwu sanya seun tayo tola wale wuike yemi',
    ),
  },
];

/** Where people come from, each with all its family names. */
export const ORIGINS: readonly Omit<NameStock, 'beginnings' | 'endings'>[] = [
  ...CULTURES.map(({ languageCode, regionCode, firstNames, lastNames }: Culture) => ({
    languageCode,
    regionCode,
    firstNames,
    lastNames,
  })),
  ...MORE.map(({ beginnings, endings, lastNames, ...stock }) => ({
    ...stock,
    lastNames: [...lastNames, ...shuffled(beginnings.flatMap((each) => endings.map((end) => each + end)))],
  })),
];

/** Some names are many people's and most are a few people's: the first of a list come up far more often. */
export function pickCommonFirst<T>(random: Random, items: readonly T[]): T {
  const share = random.below(1_000_000) / 1_000_000;
  return items[Math.floor(share ** 2.5 * items.length)] as T;
}

// Each time alike, and without neighbours that begin alike.
function shuffled(names: readonly string[]): string[] {
  const distinct = [...new Set(names)];
  return distinct
    .map((name, i) => ({ name, place: (i * 7919) % 10_007 }))
    .sort((a, b) => a.place - b.place)
    .map(({ name }) => name);
}
