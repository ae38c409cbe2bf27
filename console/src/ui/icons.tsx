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
export const MenuIcon = icon(<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />)
export const GlobeIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.8" />
    <path d="M2.2 8h11.6M8 2.2c2.2 2 2.8 4 2.8 5.8S10.2 11.8 8 13.8C5.8 11.8 5.2 9.8 5.2 8S5.8 4.2 8 2.2z" />
  </>,
)
export const StampIcon = icon(<path d="M2.5 4h11v8h-11zM5 7h3M5 9.5h5M11 6.2v1.6" />)
export const TemplateIcon = icon(<path d="M2.5 2.5h11v11h-11zM2.5 6h11M6 6v7.5" />)
export const BanIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.6" />
    <path d="m4.1 4.1 7.8 7.8" />
  </>,
)
export const BounceIcon = icon(<path d="M13.5 4.5h-7a4 4 0 0 0 0 8H9M10.5 1.8l3 2.7-3 2.7" />)
export const LinkIcon = icon(
  <path d="M6.7 9.3 9.3 6.7M7 4.6l1.3-1.3a2.7 2.7 0 0 1 3.9 3.9L10.9 8.5M9 11.4l-1.3 1.3a2.7 2.7 0 0 1-3.9-3.9l1.3-1.3" />,
)
export const KeyIcon = icon(
  <>
    <circle cx="5.2" cy="10.8" r="2.7" />
    <path d="m7.2 8.8 6-6M10.3 5.7l2 2" />
  </>,
)
export const CodeIcon = icon(<path d="M5 4.5 1.8 8 5 11.5M11 4.5 14.2 8 11 11.5M9.3 3l-2.6 10" />)
export const HookIcon = icon(
  <path d="M8 2.2v7.3M8 9.5a2.6 2.6 0 1 1-4.6 2M8 9.5l4-4M12 5.5v3.2M12 5.5H8.9" />,
)
export const PeopleIcon = icon(
  <>
    <circle cx="5.8" cy="5.5" r="2.3" />
    <path d="M1.8 13c.4-2.5 1.9-3.7 4-3.7s3.6 1.2 4 3.7M10.3 3.4a2.3 2.3 0 0 1 0 4.3M11.5 9.6c1.5.4 2.4 1.5 2.7 3.4" />
  </>,
)
export const BuildingIcon = icon(
  <path d="M3.5 13.5v-11h6v11M9.5 6h3v7.5M2 13.5h12M5.5 5h2M5.5 7.5h2M5.5 10h2" />,
)
export const PlugIcon = icon(<path d="M5.5 2v3M10.5 2v3M3.8 5h8.4v2.5a4.2 4.2 0 0 1-8.4 0zM8 11.7V14" />)
export const ClockIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.8" />
    <path d="M8 4.8V8l2.3 1.6" />
  </>,
)
export const BellIcon = icon(<path d="M4 11V7a4 4 0 0 1 8 0v4l1.2 1.3H2.8zM6.7 14h2.6" />)
export const ListIcon = icon(<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1" />)
export const GaugeIcon = icon(<path d="M2.5 11.5a5.8 5.8 0 1 1 11 0M8 10.5l2.8-3.8" />)
export const ChartIcon = icon(<path d="M2.5 2.5v11h11M5 10.5l2.5-3.5 2.2 2L13 5" />)
export const PlusIcon = icon(<path d="M8 3v10M3 8h10" />)
export const TrashIcon = icon(<path d="M2.8 4.5h10.4M6 4.5V2.8h4v1.7M4.2 4.5l.6 9h6.4l.6-9" />)
export const RefreshIcon = icon(<path d="M13 8a5 5 0 1 1-1.5-3.5M13 2.5v2.8h-2.8" />)
export const PauseIcon = icon(<path d="M5.5 3v10M10.5 3v10" />)
export const PlayIcon = icon(<path d="M4.5 2.8 12.5 8l-8 5.2z" />)
export const TopicIcon = icon(<path d="M2.5 3h11v7.5H8L5 13.2v-2.7H2.5zM5 5.8h6M5 8h4" />)
export const ContactsIcon = icon(
  <>
    <path d="M3.5 2.2h9v11.6h-9zM1.8 5h1.7M1.8 8h1.7M1.8 11h1.7" />
    <circle cx="8" cy="6.4" r="1.6" />
    <path d="M5.4 11c.3-1.5 1.3-2.2 2.6-2.2s2.3.7 2.6 2.2" />
  </>,
)
export const InboundIcon = icon(<path d="M13.5 2.5v11h-11v-4M9.5 6.5l-7-4M9.5 6.5V3M9.5 6.5H6" />)
export const BroadcastIcon = icon(<path d="M2.5 6.2v3.6h2.3l5.7 3.2V3L4.8 6.2zM12.5 6a2.8 2.8 0 0 1 0 4" />)
