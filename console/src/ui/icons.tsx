import type { ReactNode } from 'react'

interface IconProperties {
  readonly className?: string
}

/** Icons are drawn here (16 px grid, 1.5 px lines); no icon font, no sprite from elsewhere. They are decoration: text names things. */
function icon(children: ReactNode) {
  return function Icon({ className = 'size-4' }: IconProperties) {
    return (
      <svg
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        className={className}
      >
        {children}
      </svg>
    )
  }
}

export const BulkheadMark = icon(<path d="M2.5 2.5h11v11h-11zM6.2 2.5v11M9.8 2.5v11" />)
export const InboxIcon = icon(<path d="M2 9.5 4.2 3h7.6L14 9.5V13H2zM2 9.5h3.4L6.5 11h3l1.1-1.5H14" />)
export const MessagesIcon = icon(<path d="M2 3.5h12v9H2zM2.3 4l5.7 4.7L13.7 4" />)
export const HomeIcon = icon(<path d="M2.5 7 8 2.5 13.5 7v6.5h-4V10h-3v3.5h-4z" />)
export const CopyIcon = icon(<path d="M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1" />)
export const CheckIcon = icon(<path d="m3 8.5 3.2 3.2L13 4.8" />)
export const CrossIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />)
export const AlertIcon = icon(<path d="M8 2.2 14.3 13.5H1.7zM8 6.4v3.2M8 11.6v.1" />)
export const LockIcon = icon(<path d="M3.5 7h9v6.5h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2" />)
export const ArrowLeftIcon = icon(<path d="M13 8H3.2M7 3.8 2.8 8 7 12.2" />)
export const DownloadIcon = icon(<path d="M8 2.5v7.3M4.8 7 8 10.1 11.2 7M2.8 13.2h10.4" />)
export const SunIcon = icon(
  <>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" />
  </>,
)
export const MoonIcon = icon(<path d="M13.2 9.4A5.6 5.6 0 0 1 6.6 2.8a5.6 5.6 0 1 0 6.6 6.6z" />)
export const PhoneIcon = icon(<path d="M5 1.8h6v12.4H5zM7.3 12.2h1.4" />)
export const DesktopIcon = icon(<path d="M1.8 2.8h12.4v8H1.8zM5.5 13.5h5M8 10.8v2.7" />)
export const SignOutIcon = icon(<path d="M9.5 2.8h-6v10.4h6M6.8 8h7M11 5.2 13.8 8 11 10.8" />)
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.3" />
    <path d="m10.3 10.3 3.4 3.4" />
  </>,
)
export const ShieldIcon = icon(<path d="M8 1.8 13 4v4c0 3.2-2.1 5.3-5 6.2C5.1 13.3 3 11.2 3 8V4z" />)
export const PersonIcon = icon(
  <>
    <circle cx="8" cy="5.3" r="2.6" />
    <path d="M2.8 13.5c.5-2.9 2.5-4.3 5.2-4.3s4.7 1.4 5.2 4.3" />
  </>,
)
