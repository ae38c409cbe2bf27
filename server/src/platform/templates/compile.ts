import { Parser, TagToken, Tokenizer } from 'liquidjs'
import type { Liquid, Template, TopLevelToken } from 'liquidjs'
import type { RenderLimits } from './job.ts'
import { SourceError } from './position.ts'

const BLOCKS = new Set(['if', 'unless', 'case', 'for', 'tablerow', 'capture'])

/** Parses a source. Throws errors of the engine, and SourceError for what the engine would take without a word. */
export function compile(engine: Liquid, source: string, limits: RenderLimits): Template[] {
  const tokens = new Tokenizer(source, engine.options.operators).readTopLevelTokens(engine.options)
  checkTags(tokens, limits)
  return new Parser(engine).parseTokens(tokens)
}

function checkTags(tokens: readonly TopLevelToken[], limits: RenderLimits): void {
  let depth = 0
  for (const token of tokens) {
    if (!(token instanceof TagToken)) continue
    if (BLOCKS.has(token.name)) depth += 1
    else if (token.name.startsWith('end')) depth -= 1
    if (depth > limits.nestingMax)
      throw new SourceError(`tags are nested more than ${limits.nestingMax} deep`, token.begin)
    // The engine ignores what stands behind else, and would print the wrong branch.
    if (token.name === 'else' && token.args.trim() !== '') {
      const fix = /^if\b/.test(token.args.trim()) ? ': write elsif' : ''
      throw new SourceError(`"else ${token.args.trim().slice(0, 40)}" is not known${fix}`, token.begin)
    }
  }
}
