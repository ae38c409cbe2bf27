import { Link } from '@tanstack/react-router'
import { Empty } from '../ui/states.tsx'

export function NotFound() {
  return (
    <Empty title="There is no such page">
      The address may be mistyped.{' '}
      <Link to="/" className="text-accent underline">
        Go home
      </Link>
      .
    </Empty>
  )
}
