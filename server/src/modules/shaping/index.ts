/**
 * Shaping: how fast, over how many connections and how often mail goes to a site, and what is learnt from replies.
 *
 * Tables owned: operations.shaping_overlay, through functions of the engine. Events: none; audit `shaping.overlay_lifted`.
 * Invariants: a file with one problem changes nothing; layers decide in one documented order and every limit says which one did; what is
 * learnt only makes things stricter, carries the replies as evidence, ends by itself and can be lifted; the workspace at a site is
 * suspended before the site; no pattern over a stranger's text takes more than linear time.
 */
export type { AutomationRule, Observed } from './automation.ts'
export { BUILT_IN, LIMIT_KEYS } from './limits.ts'
export type { Limits, RetrySchedules } from './limits.ts'
export type { Rate } from './values.ts'
export { loadRules } from './load-rules.ts'
export type { LoadedRules, RulesText } from './load-rules.ts'
export type { RulesProblem } from './reader.ts'
export type { Because, Resolved, ResolveWanted, Rules } from './rules.ts'
export type { Overlay, OverlayPlace, Suspension } from './overlay.ts'
export { createOverlayStore } from './overlay-store.ts'
export { createOverlays } from './overlays.ts'
export type { Overlays, SuspensionOf } from './overlays.ts'
export { openRulesFile } from './rules-file.ts'
export type { RulesFile, RulesFileState } from './rules-file.ts'
export { createShaping } from './shaping-service.ts'
export type { Shaping } from './shaping-service.ts'
export type { SiteBearings, SiteOverlay } from './site-bearings.ts'
export { shapingOperations } from './shaping-operations.ts'
