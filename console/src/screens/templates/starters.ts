/** What a new template may begin with: small, plain, readable without images. */
export interface Starter {
  readonly name: string
  readonly subject: string
  readonly html: string
  readonly text: string
  readonly sampleData: Readonly<Record<string, unknown>>
}

/** A whole document around what it says. */
export function page(body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
  </head>
  <body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif">
${body}
  </body>
</html>
`
}

export const STARTERS: readonly Starter[] = [
  {
    name: 'Empty',
    subject: 'Hello {{ name }}',
    html: page('    <p>Hello {{ name }},</p>'),
    text: 'Hello {{ name }},\n',
    sampleData: { name: 'Ann' },
  },
  {
    name: 'Receipt',
    subject: 'Your order {{ order.number }}',
    html: page(`    <h1 style="font-size:20px">Thank you, {{ name }}</h1>
    <p>This is the receipt of order {{ order.number }}.</p>
    <table role="presentation" style="border-collapse:collapse">
{%- for item in order.items %}
      <tr>
        <td style="padding:4px 16px 4px 0">{{ item.name }}</td>
        <td style="padding:4px 0;text-align:right">{{ item.price }}</td>
      </tr>
{%- endfor %}
    </table>
    <p><b>Total: {{ order.total }}</b></p>`),
    text: `Thank you, {{ name }}.

This is the receipt of order {{ order.number }}.
{% for item in order.items %}
- {{ item.name }}: {{ item.price }}
{%- endfor %}

Total: {{ order.total }}
`,
    sampleData: {
      name: 'Ann',
      order: {
        number: '1042',
        total: '€ 31.00',
        items: [
          { name: 'Wooden clock', price: '€ 28.00' },
          { name: 'Shipping', price: '€ 3.00' },
        ],
      },
    },
  },
  {
    name: 'Confirmation of an address',
    subject: 'Confirm your address',
    html: page(`    <p>Hello {{ name | default: 'there' }},</p>
    <p>please confirm that this is your address:</p>
    <p><a href="{{ link }}" style="display:inline-block;padding:10px 18px;background:#0b6668;color:#ffffff;border-radius:6px;text-decoration:none">Confirm</a></p>
    <p>The link works for {{ hours }} hours. If you did not ask for it, do nothing.</p>`),
    text: `Hello {{ name | default: 'there' }},

please confirm that this is your address:
{{ link }}

The link works for {{ hours }} hours. If you did not ask for it, do nothing.
`,
    sampleData: { name: 'Ann', link: 'https://shop.example/confirm/abc', hours: 24 },
  },
]
