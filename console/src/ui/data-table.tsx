import { Link, useNavigate, type LinkProps } from '@tanstack/react-router'
import { useRef, useState, type ReactNode } from 'react'
import { cx } from './cx.ts'
import { useListKeys, type ListKeys } from './use-list-keys.ts'

export interface Column<Row> {
  readonly id: string
  readonly header: ReactNode
  readonly cell: (row: Row) => ReactNode
  /** A Tailwind width class. */
  readonly width?: string
  readonly align?: 'start' | 'end'
  /** On narrower screens it goes under the first column instead. */
  readonly hideBelow?: 'sm' | 'md' | 'lg'
}

const HIDDEN = {
  sm: 'hidden sm:table-cell',
  md: 'hidden md:table-cell',
  lg: 'hidden lg:table-cell',
} as const
const FOLDED = { sm: 'sm:hidden', md: 'md:hidden', lg: 'lg:hidden' } as const

/**
 * Rows of one kind. The first column names the row and is its link; j, k and Enter walk. What a narrow screen has no column for stands under
 * the name, with its header as label.
 */
export function DataTable<Row>({
  rows,
  columns,
  rowKey,
  label,
  linkTo,
  onOpen,
  isChosen,
  empty,
}: {
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly rowKey: (row: Row) => string
  /** What the table lists, for those who do not see it. */
  readonly label: string
  readonly linkTo?: (row: Row) => Pick<LinkProps, 'to' | 'params' | 'search'>
  readonly onOpen?: (row: Row) => void
  readonly isChosen?: (row: Row) => boolean
  /** Shown instead where there is no row. */
  readonly empty?: ReactNode
}) {
  const [at, setAt] = useState<number | null>(null)
  const navigate = useNavigate()
  const body = useRef<HTMLTableSectionElement>(null)
  const opens = linkTo !== undefined || onOpen !== undefined
  const chosen = at === null ? undefined : rows[at]
  const keys: ListKeys = {
    onMove: (step) => {
      const next = at === null ? 0 : Math.max(0, Math.min(rows.length - 1, at + step))
      setAt(next)
      const row = body.current?.rows[next]
      row?.scrollIntoView({ block: 'nearest' })
      // With the focus on its link a row is also read out, and Enter is the browser's own.
      row?.querySelector<HTMLElement>('a, button')?.focus({ preventScroll: true })
    },
    ...(chosen !== undefined && {
      onOpen: () => {
        if (onOpen !== undefined) onOpen(chosen)
        else if (linkTo !== undefined) void navigate(linkTo(chosen))
      },
    }),
  }
  // What opens nothing leaves the keys to another list of the page.
  useListKeys(opens && rows.length > 0 ? keys : {})
  if (rows.length === 0 && empty !== undefined) return empty
  const [first, ...others] = columns
  if (first === undefined) return null
  const name = (row: Row): ReactNode => {
    if (linkTo !== undefined)
      return (
        <Link {...linkTo(row)} className="rounded font-medium hover:underline">
          {first.cell(row)}
        </Link>
      )
    if (onOpen !== undefined)
      return (
        <button
          type="button"
          onClick={() => onOpen(row)}
          className="rounded text-left font-medium hover:underline"
        >
          {first.cell(row)}
        </button>
      )
    return first.cell(row)
  }
  return (
    <table className="w-full table-auto border-collapse text-sm" aria-label={label}>
      <thead>
        <tr className="border-b border-line text-left text-xs text-muted">
          {columns.map((column) => (
            <th
              key={column.id}
              scope="col"
              className={cx(
                'px-4 py-2 font-medium',
                column.width,
                column.align === 'end' && 'text-right',
                column.hideBelow !== undefined && HIDDEN[column.hideBelow],
              )}
            >
              {column.header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {rows.map((row, place) => (
          <tr
            key={rowKey(row)}
            aria-current={isChosen?.(row) === true ? 'true' : undefined}
            className={cx(
              'border-b border-line last:border-b-0',
              opens && 'hover:bg-raised',
              isChosen?.(row) === true && 'bg-accent-soft',
              place === at && 'bg-raised outline-2 -outline-offset-2 outline-accent',
            )}
          >
            <td className={cx('px-4 py-2.5 align-top', first.width)}>
              <div className="min-w-0 wrap-anywhere">{name(row)}</div>
              {others
                .filter(({ hideBelow }) => hideBelow !== undefined)
                .map((column) => (
                  <div
                    key={column.id}
                    className={cx(
                      'mt-0.5 flex flex-wrap gap-x-1.5 text-xs text-muted',
                      column.hideBelow !== undefined && FOLDED[column.hideBelow],
                    )}
                  >
                    {column.header !== '' && <span>{column.header}:</span>}
                    <span className="min-w-0 wrap-anywhere">{column.cell(row)}</span>
                  </div>
                ))}
            </td>
            {others.map((column) => (
              <td
                key={column.id}
                className={cx(
                  'px-4 py-2.5 align-top',
                  column.width,
                  column.align === 'end' && 'tabular text-right',
                  column.hideBelow !== undefined && HIDDEN[column.hideBelow],
                )}
              >
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
