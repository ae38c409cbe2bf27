import type { SmtpTlsOptions, TlsFailureType } from '../../platform/smtp/client/index.ts'

/** RFC 8460 §4.2: which kind of policy a session was under. */
export type TlsPolicyType = 'tlsa' | 'sts' | 'no-policy-found'

/** What a report says of the policy of a session (RFC 8460 §4.4). All of it is public DNS or a public file. */
export interface PolicyFacts {
  readonly policyType: TlsPolicyType
  /** The recipient's domain, A-labels, lower case. */
  readonly policyDomain: string
  /** The lines of the MTA-STS policy, or the TLSA records in presentation form. */
  readonly policyStrings: readonly string[]
  /** The `mx` patterns of an MTA-STS policy. */
  readonly mxHostPatterns: readonly string[]
}

/** A host that may be used, and how. */
export interface PolicyHost {
  readonly exchange: string
  readonly tls: SmtpTlsOptions
  readonly policy: 'dane' | 'sts' | 'none'
  /** The host publishes TLSA records, usable or not: clear text is never right, whatever fails. */
  readonly expectsDane: boolean
  /** MTA-STS in testing, and the host is in no pattern of it: nothing is enforced, each session is counted as this failure. */
  readonly testingFailure: TlsFailureType | null
  /** Count sessions with this host under these facts. */
  readonly report: PolicyFacts
}

/** A host that the policy takes out, so that it can be counted. */
export interface RemovedHost {
  readonly exchange: string
  readonly tlsFailure: TlsFailureType
  readonly reason: string
  readonly report: PolicyFacts
}

export type TransportVerdict =
  | {
      readonly kind: 'policy'
      /**
       * With the same id, a host is treated the same way: its connections may be shared. `none`: nothing is demanded of any host. At most 80
       * characters.
       */
      readonly id: string
      /** The strongest that holds for a host. */
      readonly policy: 'dane' | 'sts' | 'none'
      readonly stsMode: 'enforce' | 'testing' | 'none' | null
      /** A policy is announced and could not be had, and none is known: the mail goes on without (RFC 8461 §5.1), and this is counted. */
      readonly stsProblem: TlsFailureType | null
      /** In the order given; at least one. */
      readonly hosts: readonly PolicyHost[]
      readonly removed: readonly RemovedHost[]
      readonly report: PolicyFacts
    }
  | {
      readonly kind: 'defer'
      readonly enhanced: '4.7.5' | '4.4.3'
      readonly reason: string
      readonly tlsFailure: TlsFailureType
      readonly removed: readonly RemovedHost[]
      readonly report: PolicyFacts
    }
