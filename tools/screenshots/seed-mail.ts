const PEOPLE = [
  'ann',
  'bo',
  'chen',
  'dara',
  'emil',
  'fatima',
  'goran',
  'hana',
  'ivan',
  'june',
  'kofi',
  'lena',
]
const HOSTS = ['example.com', 'example.org', 'example.net'] as const
/** What the simulator plays, and how many of three hundred get it. */
const PLAYED: readonly (readonly [string, number])[] = [
  ['bounce', 6],
  ['full', 3],
  ['blocked', 2],
  ['defer', 5],
  ['greylist', 4],
  ['complain', 2],
  ['bounce-later', 2],
  ['absent', 3],
]

/** A day's mail of a shop: orders, resets, a newsletter, and what goes wrong with some of it. The same at every run. */
export function mailsOfADay(): object[] {
  const orders = range(120).map((at) => ({
    from: 'Northwind orders <orders@northwind.test>',
    to: addressOf(at),
    subject: at % 3 === 0 ? `Order ${4_200 + at} is confirmed` : `Order ${4_200 + at} has shipped`,
    text: 'Thank you for your order.',
    tags: ['orders'],
    metadata: { order: String(4_200 + at) },
  }))
  const resets = range(30).map((at) => ({
    from: 'Northwind <hello@northwind.test>',
    to: addressOf(at * 5),
    subject: 'Reset your password',
    text: 'Follow this link within an hour.',
    lane: 'critical',
    sensitive: true,
  }))
  const letters = range(150).map((at) => ({
    from: 'The Northwind letter <hello@news.northwind.test>',
    to: addressOf(at),
    subject: 'Three things for the cold season',
    html: '<h1>Three things for the cold season</h1><p><a href="https://northwind.test/wool">Wool</a></p>',
    text: 'Wool, tea and candles.',
    lane: 'bulk',
    tags: ['newsletter'],
  }))
  const played = PLAYED.flatMap(([name, count]) =>
    range(count).map((at) => ({
      from: 'Northwind orders <orders@northwind.test>',
      to: `${name}+${at}@simulator.bulkhead.test`,
      subject: `Order ${4_400 + at} has shipped`,
      text: 'Thank you for your order.',
      tags: ['orders'],
    })),
  )
  const tomorrow = new Date(Date.now() + 20 * 3_600_000).toISOString()
  const scheduled = range(25).map((at) => ({
    from: 'The Northwind letter <hello@news.northwind.test>',
    to: addressOf(at),
    subject: 'Winter sale: it begins tomorrow',
    text: 'Up to forty percent.',
    lane: 'bulk',
    tags: ['winter-sale'],
    sendAt: tomorrow,
  }))
  return [...orders, ...resets, ...letters, ...played, ...scheduled]
}

function addressOf(at: number): string {
  const name = PEOPLE[at % PEOPLE.length] ?? 'ann'
  return `${name}.${String(at).padStart(3, '0')}@${HOSTS[at % HOSTS.length] ?? 'example.com'}`
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at)
}
