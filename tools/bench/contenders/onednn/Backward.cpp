//===- Backward.cpp - networks of oneDNN's primitives, backward -----------===//

#include "Network.h"

using namespace dnnl;

namespace bench {

void Network::backward(memory gradient) {
  for (size_t i = backwards.size(); i-- > 0;)
    gradient = backwards[i](gradient);
}

void Network::train(memory weight, memory bias) {
  for (const memory &value : {weight, bias})
    trained.push_back({value, make(value.get_desc())});
}

memory Network::reluBackward(memory result, memory gradient) {
  memory::desc desc = result.get_desc();
  const auto relu = algorithm::eltwise_relu_use_dst_for_bwd;
  eltwise_forward::primitive_desc forward(
      {prop_kind::forward_training, relu, desc, 0, 0}, cpu);
  eltwise_backward::primitive_desc pd({relu, desc, desc, 0, 0}, cpu, forward);
  memory to = make(desc);
  append(eltwise_backward(pd), {{DNNL_ARG_DST, result},
                                {DNNL_ARG_DIFF_DST, laidOut(gradient, desc)},
                                {DNNL_ARG_DIFF_SRC, to}});
  return to;
}

void Network::weightGradient(primitive what, Arguments arguments,
                             const memory::desc &desc, size_t parameters) {
  memory gradient = trained[parameters].gradient;
  bool same = desc == gradient.get_desc();
  memory to = same ? gradient : make(desc);
  arguments[DNNL_ARG_DIFF_WEIGHTS] = to;
  arguments[DNNL_ARG_DIFF_BIAS] = trained[parameters + 1].gradient;
  append(std::move(what), std::move(arguments));
  if (!same)
    append(reorder(to, gradient),
           {{DNNL_ARG_FROM, to}, {DNNL_ARG_TO, gradient}});
}

memory Network::denseBackward(const inner_product_forward::primitive_desc &pd,
                              memory x, size_t parameters, bool first,
                              memory gradient) {
  memory::desc source = anyLayout(pd.src_desc().dims());
  memory::desc weights = anyLayout(pd.weights_desc().dims());
  inner_product_backward_weights::primitive_desc weightsPd(
      {source, weights, pd.bias_desc(), pd.dst_desc()}, cpu, pd);
  weightGradient(inner_product_backward_weights(weightsPd),
                 {{DNNL_ARG_SRC, laidOut(x, weightsPd.src_desc())},
                  {DNNL_ARG_DIFF_DST, gradient}},
                 weightsPd.diff_weights_desc(), parameters);
  if (first)
    return {};
  inner_product_backward_data::primitive_desc dataPd(
      {source, weights, pd.dst_desc()}, cpu, pd);
  memory to = make(dataPd.diff_src_desc());
  append(inner_product_backward_data(dataPd),
         {{DNNL_ARG_WEIGHTS,
           laidOut(trained[parameters].value, dataPd.weights_desc())},
          {DNNL_ARG_DIFF_DST, gradient},
          {DNNL_ARG_DIFF_SRC, to}});
  return to;
}

memory Network::convBackward(const convolution_forward::primitive_desc &pd,
                             memory x, size_t parameters, bool first,
                             memory gradient) {
  memory::desc source = anyLayout(pd.src_desc().dims());
  memory::desc weights = anyLayout(pd.weights_desc().dims());
  memory::desc out = anyLayout(pd.dst_desc().dims());
  memory::dims strides = {1, 1}, padding = {0, 0};
  convolution_backward_weights::primitive_desc weightsPd(
      {algorithm::convolution_direct, source, weights, pd.bias_desc(), out,
       strides, padding, padding},
      cpu, pd);
  weightGradient(
      convolution_backward_weights(weightsPd),
      {{DNNL_ARG_SRC, laidOut(x, weightsPd.src_desc())},
       {DNNL_ARG_DIFF_DST, laidOut(gradient, weightsPd.diff_dst_desc())}},
      weightsPd.diff_weights_desc(), parameters);
  if (first)
    return {};
  convolution_backward_data::primitive_desc dataPd(
      {algorithm::convolution_direct, source, weights, out, strides, padding,
       padding},
      cpu, pd);
  memory to = make(dataPd.diff_src_desc());
  append(convolution_backward_data(dataPd),
         {{DNNL_ARG_WEIGHTS,
           laidOut(trained[parameters].value, dataPd.weights_desc())},
          {DNNL_ARG_DIFF_DST, laidOut(gradient, dataPd.diff_dst_desc())},
          {DNNL_ARG_DIFF_SRC, to}});
  return to;
}

} // namespace bench
