/** The header fields of a mail, in their order. */
export function HeaderTable({
  headers,
}: {
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}) {
  if (headers.length === 0) return <p className="p-4 text-sm text-muted">No header fields could be read.</p>
  return (
    <table className="w-full table-fixed text-left text-sm">
      <caption className="sr-only">Header fields in their order</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {headers.map((header, place) => (
          // oxlint-disable-next-line react/no-array-index-key -- fields may repeat; their place is what tells them apart
          <tr key={place} className="border-b border-line align-top">
            <th scope="row" className="w-32 px-4 py-1.5 font-medium break-words text-muted sm:w-56">
              {header.name}
            </th>
            <td className="py-1.5 pr-4 font-mono text-xs leading-5 break-all">{header.value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
