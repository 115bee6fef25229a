// The workloads on ONNX Runtime.
//
//   node ort.cjs MODEL.onnx THREADS NAME:SHAPE:SEED:SCALE… OUTPUT-SHAPE
//
// A shape is extents with x between them.  It answers as Contender.h says; its
// calls are the binding's own, which return when the result is there, into
// memory that is there before.
//
//   node ort.cjs    exits with 0 if the package is installed
'use strict';
const fs = require('fs');
const path = require('path');

const folder = path.dirname(require.resolve('onnxruntime-node/package.json'));
const args = process.argv.slice(2);
if (args.length === 0)
  process.exit(0);
const { binding, initOrt } = require(path.join(folder, 'dist', 'binding.js'));
const { Tensor } = require('onnxruntime-node');

// As in Data.h.
function hashedFloats(n, seed, scale) {
  const result = new Float32Array(n);
  for (let i = 0; i < n; ++i) {
    let x = (i + Math.imul(seed, 0x9E3779B9)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85EBCA6B);
    x = Math.imul(x ^ (x >>> 13), 0xC2B2AE35);
    x = (x ^ (x >>> 16)) >>> 0;
    result[i] = (x / 4294967296 - 0.5) * 2 * scale;
  }
  return result;
}
const shapeOf = (text) => text.split('x').map(Number);
const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

const [model, threads, ...inputs] = args;
const outputShape = shapeOf(inputs.pop());
initOrt();
const session = new binding.InferenceSession();
session.loadModel(model, {
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
});
const feeds = {};
for (const input of inputs) {
  const [name, shape, seed, scale] = input.split(':');
  const dims = shapeOf(shape);
  feeds[name] = new Tensor('float32',
    hashedFloats(sizeOf(dims), Number(seed), Number(scale)), dims);
}
const output = new Float32Array(sizeOf(outputShape));
const fetches = { y: new Tensor('float32', output, outputShape) };
const run = () => session.run(feeds, fetches, {});

function timedRuns(calls) {
  const times = new Float64Array(calls);
  run();
  for (let i = 0; i < calls; ++i) {
    const start = process.hrtime.bigint();
    run();
    times[i] = Number(process.hrtime.bigint() - start) / 1e3;
  }
  times.sort();
  return `${times[calls >> 1].toFixed(3)} ${times[0].toFixed(3)}`;
}

function answer(line) {
  const [word, value] = line.split(' ');
  if (word === 'run')
    return timedRuns(Number(value));
  if (word === 'settle')
    return 'settled';
  if (word !== 'result')
    return 'unknown';
  run();
  fs.writeFileSync(value, output);
  return 'written';
}

// Lines by a blocking read: nothing else runs meanwhile.
run();
fs.writeSync(1, 'ready\n');
const chunk = Buffer.alloc(4096);
let pending = '';
for (;;) {
  const n = fs.readSync(0, chunk);
  if (n === 0)
    break;
  pending += chunk.toString('utf8', 0, n);
  for (let end; (end = pending.indexOf('\n')) >= 0;) {
    fs.writeSync(1, answer(pending.slice(0, end)) + '\n');
    pending = pending.slice(end + 1);
  }
}
