import type { RenderedPart } from '../job.ts'
import type { Edit, Tag } from './source.ts'
import type { Run } from './run.ts'

/** Prints a value in the middle of text: `{{upper name}}`. */
export interface InlineHelper {
  readonly takes: readonly [fewest: number, most: number]
  run(args: readonly unknown[], run: Run): unknown
  /** Whether its arguments may be missing without a word: it has an answer for that. */
  readonly isExcusing?: boolean
  /** Without arguments it is a variable of the data with that name. */
  readonly isVariableAlone?: boolean
  /** May stand within another: `(length items)`. */
  readonly isNested?: boolean
}

/** Decides about a block: `{{#if a}}…{{else}}…{{/if}}`. */
export type BlockHelper =
  | {
      readonly kind: 'condition'
      readonly takes: readonly [fewest: number, most: number]
      test(args: readonly unknown[]): boolean
    }
  | { readonly kind: 'each' }
  | { readonly kind: 'with' }

/** A condition that is written as a comparison within a string of its own. */
export interface Comparison {
  readonly left: Operand
  readonly operator: string
  readonly right: Operand
  test(left: unknown, right: unknown): boolean
}
export type Operand = { readonly literal: unknown } | { readonly path: readonly string[] }

/** What a rewriting of a source found: changes, and comparisons that strings of the changed source stand for. */
export interface Rewriting {
  readonly edits: readonly Edit[]
  readonly comparisons: ReadonlyMap<string, Comparison>
}

/** A vendor's Handlebars: what it has beyond paths, and what it has not. */
export interface HandlebarsLanguage {
  readonly vendor: string
  readonly inline: Readonly<Record<string, InlineHelper>>
  readonly blocks: Readonly<Record<string, BlockHelper>>
  /** Names behind `@`. */
  readonly data: ReadonlySet<string>
  /** `{{#items}}` without a helper, and `{{^items}}`. */
  readonly hasSections: boolean
  /** Whether variables are told apart without regard to case. What is within them is told apart by it. */
  readonly ignoresCase?: boolean
  /** Names of helpers that apply to the argument after them: `{{#equals 0 length items}}`. */
  readonly bareHelpers: ReadonlySet<string>
  /** What two braces do to a value in a part; undefined: nothing. */
  escapeIn(part: RenderedPart): ((text: string) => string) | undefined
  rewrite(source: string, tags: readonly Tag[]): Rewriting
  /** Why something is refused that other engines have, and what to write. */
  readonly refused: Readonly<Record<string, string>>
  /** Refuses calls that the vendor's engine or its documentation contradict. */
  checkCall?(name: string, params: readonly string[]): string | undefined
  /** What to say of a call that renders, but hardly as it is meant. */
  remarkOn?(name: string, params: number): string | undefined
}

/** Begins strings of a rewritten source that stand for comparisons; refused in sources. */
export const COMPARISON_MARK = '\u0000'
