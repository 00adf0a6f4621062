// Small fully connected networks on the plane, with their gradients written out: the same ones as in lesson 01.
// A batch of n vectors stands in one array, one after the other.

const SLOPE = 0.2;  // of LeakyReLU left of zero, as in a DCGAN

class Layer {  // y = W x + b
  constructor(inputs, outputs, uniform) {
    const bound = 1 / Math.sqrt(inputs), draw = () => bound * (2 * uniform() - 1);  // as PyTorch begins
    Object.assign(this, {inputs, outputs, W: Float64Array.from({length: inputs * outputs}, draw),
                         b: Float64Array.from({length: outputs}, draw)});
    this.dW = new Float64Array(this.W.length);
    this.db = new Float64Array(outputs);
  }

  // Four vectors at a time, so that each weight is read once for all of them; every n here is a multiple of four.
  forward(x, n) {
    const {inputs, outputs, W, b} = this, y = new Float64Array(n * outputs);
    for (let k = 0; k < n; k += 4) {
      for (let o = 0; o < outputs; o++) {
        let y0 = b[o], y1 = y0, y2 = y0, y3 = y0;
        let w = o * inputs, v0 = k * inputs, v1 = v0 + inputs, v2 = v1 + inputs, v3 = v2 + inputs;
        for (let i = 0; i < inputs; i++) {
          const weight = W[w++];
          y0 += weight * x[v0++];
          y1 += weight * x[v1++];
          y2 += weight * x[v2++];
          y3 += weight * x[v3++];
        }
        const at = k * outputs + o;
        y[at] = y0;
        y[at + outputs] = y1;
        y[at + 2 * outputs] = y2;
        y[at + 3 * outputs] = y3;
      }
    }
    return y;
  }

  transposed(dy, n) {  // W^T dy: from the gradient at the outputs to that at the inputs
    const {inputs, outputs, W} = this, dx = new Float64Array(n * inputs);
    for (let k = 0; k < n; k += 4) {
      for (let i = 0; i < inputs; i++) {
        let x0 = 0, x1 = 0, x2 = 0, x3 = 0;
        let w = i, v0 = k * outputs, v1 = v0 + outputs, v2 = v1 + outputs, v3 = v2 + outputs;
        for (let o = 0; o < outputs; o++, w += inputs) {
          const weight = W[w];
          x0 += weight * dy[v0++];
          x1 += weight * dy[v1++];
          x2 += weight * dy[v2++];
          x3 += weight * dy[v3++];
        }
        const at = k * inputs + i;
        dx[at] = x0;
        dx[at + inputs] = x1;
        dx[at + 2 * inputs] = x2;
        dx[at + 3 * inputs] = x3;
      }
    }
    return dx;
  }

  outer(dy, x, n) {  // adds the sum of dy x^T to the gradient of W
    const {inputs, outputs, dW} = this;
    for (let k = 0; k < n; k += 4) {
      for (let o = 0; o < outputs; o++) {
        const at = k * outputs + o, g0 = dy[at], g1 = dy[at + outputs], g2 = dy[at + 2 * outputs], g3 = dy[at + 3 * outputs];
        let w = o * inputs, v0 = k * inputs, v1 = v0 + inputs, v2 = v1 + inputs, v3 = v2 + inputs;
        for (let i = 0; i < inputs; i++) dW[w++] += g0 * x[v0++] + g1 * x[v1++] + g2 * x[v2++] + g3 * x[v3++];
      }
    }
  }

  collect(dy, x, n) {  // adds to the gradients of W and b
    this.outer(dy, x, n);
    const {outputs, db} = this;
    for (let k = 0, v = 0; k < n; k++) for (let o = 0; o < outputs; o++) db[o] += dy[v++];
  }
}

class Network {
  constructor(sizes, uniform) {
    this.layers = sizes.slice(1).map((outputs, k) => new Layer(sizes[k], outputs, uniform));
  }

  // What came out, with all that the gradients need: {y, n, inputs of each layer, slopes after each but the last}.
  forward(x, n) {
    const inputs = [], slopes = [];
    this.layers.forEach((layer, k) => {
      inputs.push(x);
      x = layer.forward(x, n);
      if (k === this.layers.length - 1) return;
      const slope = new Float64Array(x.length);
      for (let j = 0; j < x.length; j++) x[j] *= slope[j] = x[j] < 0 ? SLOPE : 1;
      slopes.push(slope);
    });
    return {y: x, n, inputs, slopes};
  }

  // Backpropagation: from the gradient at the outputs to the one at the inputs, which it returns. `learn`: those of the
  // weights are added up too.
  backward(pass, dy, learn = true) {
    for (let k = this.layers.length - 1; k >= 0; k--) {
      if (learn) this.layers[k].collect(dy, pass.inputs[k], pass.n);
      dy = this.layers[k].transposed(dy, pass.n);
      if (k) scale(dy, pass.slopes[k - 1]);
    }
    return dy;
  }

  // R1 (arXiv 1801.04406): gamma / 2 times the mean of |gradient of D at x|^2. Adds its gradient to that of the weights.
  // Between its kinks D is linear, so the gradient at x is a product of the weights: W1^T s1 W2^T s2 ... 1. Its own
  // gradient goes through the same product once more, in the other direction.
  penalty(pass, gamma) {
    const {n, slopes} = pass, last = this.layers.length - 1, backwards = [];
    let g = new Float64Array(n).fill(1);
    for (let k = last; k >= 0; k--) {
      backwards[k] = g;  // at the outputs of layer k
      g = this.layers[k].transposed(g, n);
      if (k) scale(g, slopes[k - 1]);
    }
    let total = 0;
    for (const x of g) total += x * x;
    let u = g.map(x => gamma * x / n);
    for (let k = 0; k <= last; k++) {
      this.layers[k].outer(backwards[k], u, n);
      if (k === last) break;
      u = linear(this.layers[k], u, n);
      scale(u, slopes[k]);
    }
    return gamma / 2 * total / n;
  }

  forget() {
    for (const {dW, db} of this.layers) { dW.fill(0); db.fill(0); }
  }
}

function scale(x, by) {
  for (let j = 0; j < x.length; j++) x[j] *= by[j];
}

function linear(layer, x, n) {  // W x, without b
  const y = layer.forward(x, n);
  for (let j = 0; j < y.length; j++) y[j] -= layer.b[j % layer.outputs];
  return y;
}

class Adam {
  constructor(network, beta1 = 0.5, beta2 = 0.999) {
    this.pairs = network.layers.flatMap(({W, b, dW, db}) => [[W, dW], [b, db]])
      .map(([value, gradient]) => ({value, gradient, m: new Float64Array(value.length), v: new Float64Array(value.length)}));
    Object.assign(this, {beta1, beta2, t: 0});
  }

  step(lr) {
    const {beta1, beta2} = this, t = ++this.t;
    const size = lr / (1 - beta1 ** t), root = Math.sqrt(1 - beta2 ** t);
    for (const {value, gradient, m, v} of this.pairs) {
      for (let j = 0; j < value.length; j++) {
        const g = gradient[j];
        m[j] = beta1 * m[j] + (1 - beta1) * g;
        v[j] = beta2 * v[j] + (1 - beta2) * g * g;
        value[j] -= size * m[j] / (Math.sqrt(v[j]) / root + 1e-8);
      }
    }
  }
}

// ---- losses on logits: {loss, slopes of the loss with respect to each logit}

const sigmoid = l => (l < 0 ? Math.exp(l) / (1 + Math.exp(l)) : 1 / (1 + Math.exp(-l)));
const softplus = l => Math.max(l, 0) + Math.log1p(Math.exp(-Math.abs(l)));

// What each half costs for one logit, and its derivative: D on real, D on generated, G.
const cross = {real: [l => softplus(-l), l => sigmoid(l) - 1], fake: [softplus, sigmoid]};
const LOSSES = {
  non_saturating: {...cross, g: cross.real},  // -log D(G(z))
  minimax: {...cross, g: [l => -softplus(l), l => -sigmoid(l)]},  // log(1 - D(G(z)))
  least_squares: {real: [l => (l - 1) ** 2 / 2, l => l - 1], fake: [l => l * l / 2, l => l],
                  g: [l => (l - 1) ** 2 / 2, l => l - 1]},
  hinge: {real: [l => Math.max(0, 1 - l), l => (l < 1 ? -1 : 0)], fake: [l => Math.max(0, 1 + l), l => (l > -1 ? 1 : 0)],
          g: [l => -l, () => -1]},
};

function cost(logits, [value, slope]) {
  const n = logits.length;
  return {loss: logits.reduce((sum, l) => sum + value(l), 0) / n, slopes: logits.map(l => slope(l) / n)};
}
