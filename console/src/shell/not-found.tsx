import { Link } from '@tanstack/react-router'
import { linkLook } from '../ui/link.ts'
import { Empty } from '../ui/states.tsx'

export function NotFound() {
  return (
    <Empty title="There is no such page">
      The address may be mistyped.{' '}
      <Link to="/" className={linkLook}>
        Go home
      </Link>
      .
    </Empty>
  )
}
