import { useNavigate } from '@tanstack/react-router'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { KIND_WORDS } from './bounce-words.ts'
import { KINDS, type BouncesSearch } from './bounces-search.ts'

/** Narrows a list to one kind of report; it stands in the address. */
export function KindChoice({ search }: { readonly search: BouncesSearch }) {
  const navigate = useNavigate()
  return (
    <FilterSelect
      label="Kind"
      all="Every kind"
      choices={KINDS}
      words={(kind) => KIND_WORDS[kind]}
      value={search.kind}
      onChange={(kind) => {
        const { kind: _, ...others } = search
        void navigate({
          to: '/bounces',
          search: kind === undefined ? others : { ...others, kind },
          replace: true,
        })
      }}
    />
  )
}
