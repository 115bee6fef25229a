//===- Network.cpp - networks of oneDNN's primitives, forward -------------===//

#include "Network.h"

#include "Data.h"

#include <cstring>

using namespace dnnl;

namespace bench {

void Network::execute(size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i)
    calls[i].first.execute(stream, calls[i].second);
  stream.wait();
}

void Network::append(primitive what, Arguments arguments) {
  calls.emplace_back(std::move(what), std::move(arguments));
}

memory Network::make(const memory::desc &desc) {
  memory result(desc, cpu);
  std::memset(result.get_data_handle(), 0, desc.get_size());
  made.push_back(result);
  return result;
}

memory Network::view(memory whole, int64_t offset, const memory::dims &shape,
                     const memory::dims &strides) {
  return memory({shape, Type::f32, strides}, cpu, data(whole) + offset);
}

memory Network::laidOut(memory from, const memory::desc &desc) {
  if (from.get_desc() == desc)
    return from;
  memory result = make(desc);
  append(reorder(from, result), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, result}});
  return result;
}

memory Network::packed(memory from, const memory::desc &desc) {
  if (from.get_desc() == desc)
    return from;
  memory result = make(desc);
  reorder(from, result).execute(stream, from, result);
  stream.wait();
  return result;
}

static Tag denseTag(size_t rank) {
  const Tag tags[] = {Tag::a, Tag::ab, Tag::abc, Tag::abcd};
  return tags[rank - 1];
}

memory Network::input(const std::string &name) {
  for (const Source &source : workload.inputs)
    if (source.name == name) {
      memory result =
          make({source.shape, Type::f32, denseTag(source.shape.size())});
      fill(source, data(result));
      return result;
    }
  throw std::logic_error("no input " + name);
}

memory Network::parameter(const std::string &name, const memory::dims &shape,
                          Tag tag) {
  memory result = make({shape, Type::f32, tag});
  fill(workload.parameter(name), data(result));
  return result;
}

prop_kind Network::direction() const {
  return workload.training ? prop_kind::forward_training
                           : prop_kind::forward_inference;
}

primitive_attr Network::epilogue(Activation activation, memory residual) const {
  post_ops operations;
  if (residual)
    operations.append_binary(algorithm::binary_add, residual.get_desc());
  if (activation == Activation::relu)
    operations.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
  if (activation == Activation::gelu)
    operations.append_eltwise(1, algorithm::eltwise_gelu_erf, 0, 0);
  primitive_attr result;
  result.set_post_ops(operations);
  return result;
}

memory Network::dense(const std::string &name, memory x, Activation activation,
                      memory residual) {
  memory::dims in = x.get_desc().dims(), weights = in;
  const Source &source = workload.parameter(name + ".weight");
  weights[0] = source.shape[0];
  memory weight =
      parameter(name + ".weight", weights, denseTag(weights.size()));
  memory bias = parameter(name + ".bias", {weights[0]}, Tag::a);
  inner_product_forward::primitive_desc pd(
      {direction(), anyLayout(in), anyLayout(weights), bias.get_desc(),
       memory::desc({in[0], weights[0]}, Type::f32, Tag::ab)},
      epilogue(activation, residual), cpu);
  memory from = laidOut(x, pd.src_desc());
  weight = packed(weight, pd.weights_desc());
  memory result = make(pd.dst_desc());
  Arguments arguments = {{DNNL_ARG_SRC, from},
                         {DNNL_ARG_WEIGHTS, weight},
                         {DNNL_ARG_BIAS, bias},
                         {DNNL_ARG_DST, result}};
  if (residual)
    arguments[DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1] = residual;
  append(inner_product_forward(pd), arguments);
  if (workload.training) {
    bool first = backwards.empty();
    size_t parameters = trained.size();
    train(weight, bias);
    backwards.push_back([=, this](memory gradient) {
      if (activation == Activation::relu)
        gradient = reluBackward(result, gradient);
      return denseBackward(pd, from, parameters, first, gradient);
    });
  }
  return result;
}

memory Network::conv(const std::string &name, memory x) {
  memory::dims in = x.get_desc().dims();
  memory::dims weights = workload.parameter(name + ".weight").shape;
  memory weight = parameter(name + ".weight", weights, Tag::abcd);
  memory bias = parameter(name + ".bias", {weights[0]}, Tag::a);
  memory::dims out = {in[0], weights[0], in[2] - weights[2] + 1,
                      in[3] - weights[3] + 1};
  memory::dims strides = {1, 1}, padding = {0, 0};
  convolution_forward::primitive_desc pd(
      {direction(), algorithm::convolution_direct, anyLayout(in),
       anyLayout(weights), bias.get_desc(), anyLayout(out), strides, padding,
       padding},
      epilogue(Activation::relu, {}), cpu);
  memory from = laidOut(x, pd.src_desc());
  weight = packed(weight, pd.weights_desc());
  memory result = make(pd.dst_desc());
  append(convolution_forward(pd), {{DNNL_ARG_SRC, from},
                                   {DNNL_ARG_WEIGHTS, weight},
                                   {DNNL_ARG_BIAS, bias},
                                   {DNNL_ARG_DST, result}});
  if (workload.training) {
    bool first = backwards.empty();
    size_t parameters = trained.size();
    train(weight, bias);
    backwards.push_back([=, this](memory gradient) {
      return convBackward(pd, from, parameters, first,
                          reluBackward(result, gradient));
    });
  }
  return result;
}

memory Network::pool(memory x) {
  memory::dims in = x.get_desc().dims();
  memory::dims out = {in[0], in[1], in[2] / 2, in[3] / 2};
  memory::dims window = {2, 2}, padding = {0, 0};
  pooling_forward::primitive_desc pd({direction(), algorithm::pooling_max,
                                      x.get_desc(), anyLayout(out), window,
                                      window, padding, padding},
                                     cpu);
  memory result = make(pd.dst_desc()), largest;
  Arguments arguments = {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, result}};
  if (workload.training) {
    largest = make(pd.workspace_desc());
    arguments[DNNL_ARG_WORKSPACE] = largest;
    backwards.push_back([=, this](memory gradient) {
      pooling_backward::primitive_desc backward(
          {algorithm::pooling_max, x.get_desc(), result.get_desc(), window,
           window, padding, padding},
          cpu, pd);
      memory to = make(x.get_desc());
      append(pooling_backward(backward),
             {{DNNL_ARG_DIFF_DST, laidOut(gradient, result.get_desc())},
              {DNNL_ARG_WORKSPACE, largest},
              {DNNL_ARG_DIFF_SRC, to}});
      return to;
    });
  }
  append(pooling_forward(pd), arguments);
  return result;
}

memory Network::softmax(memory x, int axis) {
  memory result = make(x.get_desc());
  softmax_forward::primitive_desc pd(
      {prop_kind::forward_inference, x.get_desc(), axis}, cpu);
  append(softmax_forward(pd), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, result}});
  return result;
}

memory Network::layerNorm(const std::string &name, memory x) {
  constexpr float epsilon = 1e-5f;
  memory::dims width = {x.get_desc().dims().back()};
  memory gamma = parameter(name + ".gamma", width, Tag::a);
  memory beta = parameter(name + ".beta", width, Tag::a);
  memory result = make(x.get_desc());
  layer_normalization_forward::primitive_desc pd(
      {prop_kind::forward_inference, x.get_desc(), epsilon,
       normalization_flags::use_scale | normalization_flags::use_shift},
      cpu);
  append(layer_normalization_forward(pd), {{DNNL_ARG_SRC, x},
                                           {DNNL_ARG_SCALE, gamma},
                                           {DNNL_ARG_SHIFT, beta},
                                           {DNNL_ARG_DST, result}});
  return result;
}

memory Network::matmul(memory a, memory b, memory c, float scale) {
  if (!c) {
    memory::dims shape = a.get_desc().dims();
    shape.back() = b.get_desc().dims().back();
    c = make({shape, Type::f32, denseTag(shape.size())});
  }
  primitive_attr scaled;
  if (scale != 1)
    scaled.set_output_scales(0, {scale});
  matmul::primitive_desc pd({a.get_desc(), b.get_desc(), c.get_desc()}, scaled,
                            cpu);
  append(dnnl::matmul(pd),
         {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
  return c;
}

memory Network::product(memory a, const std::string &b) {
  memory::dims shape = a.get_desc().dims();
  memory weight = parameter(b, shape, Tag::ba);
  // Row-major [in, out] is what an inner product's weights are, transposed.
  memory::desc plain({shape[0], shape[1]}, Type::f32, Tag::ab);
  inner_product_forward::primitive_desc pd(
      {prop_kind::forward_inference, plain, anyLayout(shape), plain}, cpu);
  memory result = make(plain);
  append(inner_product_forward(pd),
         {{DNNL_ARG_SRC, a},
          {DNNL_ARG_WEIGHTS, packed(weight, pd.weights_desc())},
          {DNNL_ARG_DST, result}});
  return result;
}

memory Network::lstm(memory x) {
  memory::dims in = x.get_desc().dims();
  const int64_t steps = in[0], batch = in[1], channels = in[2];
  const int64_t units = workload.parameter("lstm.weight_h").shape[1];
  memory::dims inputShape = {1, 1, channels, 4, units};
  memory::dims stateShape = {1, 1, units, 4, units};
  memory bias = parameter("lstm.bias", {1, 1, 4, units}, Tag::abcd);
  memory result = make({{steps, batch, units}, Type::f32, Tag::abc});
  lstm_forward::primitive_desc pd(
      {prop_kind::forward_inference, rnn_direction::unidirectional_left2right,
       x.get_desc(), memory::desc(), memory::desc(), anyLayout(inputShape),
       anyLayout(stateShape), bias.get_desc(), result.get_desc(),
       memory::desc(), memory::desc()},
      cpu);
  memory fromInput = parameter("lstm.weight_x", inputShape, Tag::abdec);
  memory fromState = parameter("lstm.weight_h", stateShape, Tag::abdec);
  append(lstm_forward(pd),
         {{DNNL_ARG_SRC_LAYER, x},
          {DNNL_ARG_WEIGHTS_LAYER, packed(fromInput, pd.weights_layer_desc())},
          {DNNL_ARG_WEIGHTS_ITER, packed(fromState, pd.weights_iter_desc())},
          {DNNL_ARG_BIAS, bias},
          {DNNL_ARG_DST_LAYER, result}});
  return result;
}

} // namespace bench
