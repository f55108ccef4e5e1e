import { quote } from '../../check/quote.ts';
import { malformed } from '../malformed.ts';
import { type Stored, storedSize } from '../numbers.ts';
import {
  type Dict,
  isDict,
  isList,
  isSpecial,
  PLAIN,
  type Special,
  type Value,
  type Vocabulary,
} from '../pickle/values.ts';
import type { StoredTensor } from './contents.ts';
import { type ElementType, makeTensorRecipe, type StorageRecipe, type UnreadableTensor, withType } from './recipe.ts';

// All that a checkpoint may name. Nothing here runs anything of the file's: each call of Python's has a counterpart that makes a dict or the
// description of a tensor. A new name is a line here.

interface Callable extends Special {
  readonly special: 'callable';
  readonly call: (source: string, args: readonly Value[]) => Value;
}

const callable = (call: Callable['call']): Callable => ({ special: 'callable', call });
const plain = callable(() => PLAIN);

/** What a dict's or a set's kind is named by; nobody calls it. */
const onlyNamed = callable(refuseCall);

const unreadable = (sentence: string): Callable => {
  const tensor: UnreadableTensor = { special: 'tensor', unreadable: sentence };
  return callable(() => tensor);
};
const SPARSE = unreadable('is sparse, which cannot be read here; make it dense in Python, x.to_dense()');
const QUANTISED = unreadable('is quantised, which cannot be read here; make it float32 in Python, x.dequantize()');

const type = (name: string, stored: Stored, isUntyped = false): [string, ElementType] => [
  `torch.${name}`,
  { special: 'type', name, stored, bytes: storedSize(stored), isUntyped },
];
/** One whose numbers cannot be read; how many bytes they have says where the next storage begins. */
const unreadableType = (name: string, bytes: number): [string, ElementType] => [
  `torch.${name}`,
  { special: 'type', name, stored: undefined, bytes, isUntyped: false },
];

const KNOWN: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['torch._utils._rebuild_tensor', callable(rebuildTensor)],
  ['torch._utils._rebuild_tensor_v2', callable(rebuildTensor)],
  ['torch._utils._rebuild_tensor_v3', callable(rebuildTyped)],
  ['torch._utils._rebuild_parameter', callable(firstTensor)],
  ['torch._utils._rebuild_parameter_with_state', callable(firstTensor)],
  ['torch._tensor._rebuild_from_type_v2', callable(rebuildFromType)],
  ['torch.nn.parameter.Parameter', callable(firstTensor)],
  ['torch._utils._rebuild_sparse_tensor', SPARSE],
  ['torch._utils._rebuild_sparse_csr_tensor', SPARSE],
  ['torch.serialization._get_layout', plain],
  ['torch._utils._rebuild_qtensor', QUANTISED],
  ['torch.per_tensor_affine', PLAIN],
  ['torch.per_channel_affine', PLAIN],
  ['torch.per_channel_affine_float_qparams', PLAIN],
  [
    'torch._utils._rebuild_meta_tensor_no_storage',
    unreadable('has no numbers: it was on the device meta when it was saved'),
  ],
  ['torch.Tensor', callable(refuseCall)],
  ['torch.Size', callable((_, args) => (isList(args[0] ?? null) ? args[0]! : PLAIN))],
  ['torch.device', plain],
  ['collections.OrderedDict', callable(makeDict)],
  ['collections.Counter', callable(makeDict)],
  // Its argument is the kind of what it makes by itself.
  ['collections.defaultdict', callable(() => new Map())],
  ...['dict', 'list', 'int', 'float'].flatMap((name): [string, Callable][] => [
    [`builtins.${name}`, onlyNamed],
    [`__builtin__.${name}`, onlyNamed],
  ]),
  // Numbers beside the tensors: a loss, an accuracy.
  ['numpy.core.multiarray.scalar', plain],
  ['numpy._core.multiarray.scalar', plain],
  ['numpy.dtype', plain],
  ['__builtin__.complex', plain],
  ['builtins.complex', plain],
  // Bytes and sets in pickles of protocol 2.
  ['_codecs.encode', plain],
  ['__builtin__.bytearray', plain],
  ['builtins.bytearray', plain],
  ['__builtin__.set', plain],
  ['builtins.set', plain],
  ['__builtin__.frozenset', plain],
  ['builtins.frozenset', plain],

  type('FloatStorage', 'float32'),
  type('DoubleStorage', 'float64'),
  type('HalfStorage', 'float16'),
  type('BFloat16Storage', 'bfloat16'),
  type('LongStorage', 'int64'),
  type('IntStorage', 'int32'),
  type('ShortStorage', 'int16'),
  type('CharStorage', 'int8'),
  type('ByteStorage', 'uint8'),
  type('BoolStorage', 'bool'),
  type('UntypedStorage', 'uint8', true),
  type('storage.UntypedStorage', 'uint8', true),
  type('storage._UntypedStorage', 'uint8', true),
  unreadableType('ComplexFloatStorage', 8),
  unreadableType('ComplexDoubleStorage', 16),
  unreadableType('QInt32Storage', 4),
  ...['QInt8', 'QUInt8', 'QUInt4x2', 'QUInt2x4'].map((name) => unreadableType(`${name}Storage`, 1)),

  ...(['float64', 'float32', 'float16', 'bfloat16', 'bool'] as const).map((name) => type(name, name)),
  ...(['int8', 'int16', 'int32', 'int64'] as const).map((name) => type(name, name)),
  ...(['uint8', 'uint16', 'uint32', 'uint64'] as const).map((name) => type(name, name)),
  unreadableType('complex32', 4),
  unreadableType('complex64', 8),
  unreadableType('complex128', 16),
  unreadableType('qint32', 4),
  ...['qint8', 'quint8', 'quint4x2', 'quint2x4'].map((name) => unreadableType(name, 1)),
  ...['float8_e4m3fn', 'float8_e5m2', 'float8_e4m3fnuz', 'float8_e5m2fnuz', 'float8_e8m0fnu', 'float4_e2m1fn_x2'].map(
    (name) => unreadableType(name, 1),
  ),
]);

/** What the pickle of a checkpoint may name; everything else is refused by its name. */
export function torchVocabulary(source: string): Vocabulary {
  return {
    find(module, name) {
      const known = KNOWN.get(`${module}.${name}`);
      if (known === undefined) throw unknownGlobal(source, `${module}.${name}`);
      return known;
    },
    call(callee, args) {
      if (isSpecial<Callable>(callee, 'callable')) return callee.call(source, args);
      throw malformed(source, 'its pickle calls what is no function; is the file damaged?');
    },
    load: (id) => readStorageId(source, id),
    takesState: (value) => value === PLAIN || isSpecial<StoredTensor>(value, 'tensor'),
  };
}

function unknownGlobal(source: string, name: string): RangeError {
  const why = /^(?:__main__\.|torch\.nn\.modules\.|torchvision\.|transformers\.)/.test(name)
    ? `${quote(name)} is a class: a whole object was pickled, and not its state dict`
    : `its pickle asks for ${quote(name)}, which is no part of a tensor and could run code`;
  const advice = 'save the state dict alone in Python, torch.save(model.state_dict(), path), or with safetensors';
  return malformed(source, `${why}; nothing of it is run here. Where you trust the file, ${advice}`);
}

/** `('storage', torch.FloatStorage, '0', 'cpu', 12)`; the oldest files have a view behind that: None, or its key, offset and size. */
function readStorageId(source: string, id: Value): StorageRecipe {
  const [kind = null, storageType = null, key = null, , numel = null, view = null] = isList(id) ? id : [];
  if (kind === 'module') {
    const advice = 'save its state dict instead, torch.save(model.state_dict(), path)';
    throw malformed(source, `a whole model was pickled, with the names of its classes; ${advice}`);
  }
  if (
    kind !== 'storage' ||
    !isSpecial<ElementType>(storageType, 'type') ||
    typeof key !== 'string' ||
    !Number.isSafeInteger(numel) ||
    (numel as number) < 0
  ) {
    throw malformed(source, 'its pickle refers to something outside that is no storage; is the file damaged?');
  }
  const storage = { special: 'storage', key, type: storageType, numel: numel as number, begin: 0 } as const;
  if (view === null) return storage;
  const [, begin, size] = isList(view) ? view : [];
  if (!isNatural(begin) || !isNatural(size) || begin + size > storage.numel) {
    throw malformed(source, `the view of storage ${quote(key)} lies outside of it`);
  }
  return { ...storage, begin, numel: size };
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** (storage, offset, size, stride, requires_grad, hooks, metadata): whatever else torch knows of it */
function rebuildTensor(
  source: string,
  [storage = null, offset = null, size = null, stride = null, , , metadata = null]: readonly Value[],
): Value {
  if (!isSpecial<StorageRecipe>(storage, 'storage'))
    throw malformed(source, 'its pickle has a tensor without a storage');
  const isNegated = isDict(metadata) && metadata.get('neg') === true;
  return makeTensorRecipe(source, storage, offset, size, stride, isNegated);
}

/** (storage, offset, size, stride, requires_grad, hooks, dtype, metadata) */
function rebuildTyped(source: string, args: readonly Value[]): Value {
  const [storage = null, offset = null, size = null, stride = null, , , elementType = null, metadata = null] = args;
  if (!isSpecial<StorageRecipe>(storage, 'storage') || !isSpecial<ElementType>(elementType, 'type')) {
    throw malformed(source, 'its pickle has a tensor without a storage or a dtype');
  }
  return rebuildTensor(source, [withType(source, storage, elementType), offset, size, stride, null, null, metadata]);
}

/** (function, class, its arguments, attributes): a tensor that carries attributes, which are left out. */
function rebuildFromType(source: string, [rebuild = null, , args = null]: readonly Value[]): Value {
  const nested = isSpecial<Callable>(rebuild, 'callable') && rebuild.call !== rebuildFromType;
  if (!nested || !isList(args)) throw malformed(source, 'its pickle has a tensor that is made by no known function');
  const made = rebuild.call(source, args);
  if (!isSpecial<StoredTensor>(made, 'tensor')) throw malformed(source, 'its pickle has a tensor that is none');
  return made;
}

/** A parameter is its tensor. */
function firstTensor(source: string, [tensor = null]: readonly Value[]): Value {
  if (isSpecial<StoredTensor>(tensor, 'tensor')) return tensor;
  throw malformed(source, 'its pickle has a parameter without a tensor');
}

/** Of nothing, of a dict, or of a list of pairs. */
function makeDict(source: string, [items = null]: readonly Value[]): Value {
  if (items === null) return new Map() satisfies Dict;
  if (isDict(items)) return new Map(items);
  const isPair = (pair: Value): pair is readonly [Value, Value] => isList(pair) && pair.length === 2;
  if (isList(items) && items.every(isPair)) return new Map(items);
  throw malformed(source, 'its pickle has a dict of what are no keys and values');
}

function refuseCall(source: string): never {
  throw malformed(source, 'its pickle calls what no checkpoint does; is the file damaged?');
}
