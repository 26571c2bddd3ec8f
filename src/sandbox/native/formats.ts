import type { Model } from '../../core/model.js';
import type { WireFormat } from '../wire-format.js';

const formats: Readonly<Record<string, WireFormat>> = {};

/** The native format of a model, by the name that the catalogue gives it. */
export function nativeFormat(model: Model): WireFormat | undefined {
  return formats[model.nativeFormat ?? ''];
}
