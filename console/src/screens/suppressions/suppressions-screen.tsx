import { useSearch } from '@tanstack/react-router'
import { Guard } from '../../ui/guard.tsx'
import { ImportList } from './import-list.tsx'
import { ImportPage } from './import-page.tsx'
import { ImportScreen } from './import-screen.tsx'
import { SuppressionList } from './suppression-list.tsx'
import { SuppressionPage } from './suppression-page.tsx'

/** Addresses that are not mailed: the list, one of them, and files that are brought onto it. */
export function SuppressionsScreen() {
  const search = useSearch({ from: '/suppressions' })
  return (
    <Guard scope="suppressions:read" what="the suppressions" title="Suppressions">
      {search.import !== undefined ? (
        <ImportPage key={search.import} id={search.import} />
      ) : search.view === 'imports' ? (
        <ImportList />
      ) : search.view === 'import' ? (
        <ImportScreen />
      ) : search.id === undefined ? (
        <SuppressionList search={search} />
      ) : (
        <SuppressionPage key={search.id} id={search.id} />
      )}
    </Guard>
  )
}
