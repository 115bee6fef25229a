// The `loops` stage of a model of one variable, by hand: `step` adds its input
// to the state and gives twice the sum; `peek` reads.  Small enough to know
// every byte of what must come out.
module @counter attributes {
  sinter.stage = "loops",
  sinter.model = {
    name = "counter", state_bytes = 64 : i64,
    variables = [{name = "total", dtype = "f32", shape = array<i64: 4>,
                  offset = 0 : i64, bytes = 16 : i64, trainable}],
    entries = [
      {name = "init", workspace_bytes = 0 : i64, writes_state, outputs = [],
       inputs = [{name = "seed", dtype = "i64", shape = array<i64>}]},
      {name = "step", workspace_bytes = 64 : i64, writes_state,
       inputs = [{name = "x", dtype = "f32", shape = array<i64: 4>}],
       outputs = [{name = "double", dtype = "f32", shape = array<i64: 4>}]},
      {name = "peek", workspace_bytes = 0 : i64, inputs = [],
       outputs = [{name = "total", dtype = "f32", shape = array<i64: 4>}]}]
  }
} {
  func.func private @add_twice(
      %total: memref<4xf32> {llvm.align = 64 : i64}, %x: memref<4xf32>,
      %sum: memref<4xf32>, %twice: memref<4xf32> {llvm.noalias})
      attributes {schedule = {kind = "pointwise"}} {
    %zero = arith.constant 0 : index
    %a = vector.load %total[%zero] : memref<4xf32>, vector<4xf32>
    %b = vector.load %x[%zero] : memref<4xf32>, vector<4xf32>
    %c = arith.addf %a, %b : vector<4xf32>
    %d = arith.addf %c, %c : vector<4xf32>
    vector.store %c, %sum[%zero] : memref<4xf32>, vector<4xf32>
    vector.store %d, %twice[%zero] : memref<4xf32>, vector<4xf32>
    return
  }
  func.func @init_body(%state: memref<64xi8>, %seed: memref<8xi8>,
                       %workspace: memref<0xi8>)
      attributes {sinter.entry = "init"} {
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %four = arith.constant 4 : index
    %total = memref.view %state[%zero][] : memref<64xi8> to memref<4xf32>
    %place = memref.view %seed[%zero][] : memref<8xi8> to memref<i64>
    %s = memref.load %place[] : memref<i64>
    %f = arith.sitofp %s : i64 to f32
    scf.for %i = %zero to %four step %one {
      memref.store %f, %total[%i] : memref<4xf32>
    }
    return
  }
  func.func @step_body(%state: memref<64xi8>, %x: memref<16xi8>,
                       %double: memref<16xi8>, %workspace: memref<64xi8>)
      attributes {sinter.entry = "step"} {
    %zero = arith.constant 0 : index
    %total = memref.view %state[%zero][] : memref<64xi8> to memref<4xf32>
    %in = memref.view %x[%zero][] : memref<16xi8> to memref<4xf32>
    %out = memref.view %double[%zero][] : memref<16xi8> to memref<4xf32>
    func.call @add_twice(%total, %in, %total, %out)
        : (memref<4xf32>, memref<4xf32>, memref<4xf32>, memref<4xf32>) -> ()
    return
  }
  func.func @peek_body(%state: memref<64xi8>, %out: memref<16xi8>,
                       %workspace: memref<0xi8>)
      attributes {sinter.entry = "peek"} {
    %zero = arith.constant 0 : index
    %total = memref.view %state[%zero][] : memref<64xi8> to memref<4xf32>
    %to = memref.view %out[%zero][] : memref<16xi8> to memref<4xf32>
    memref.copy %total, %to : memref<4xf32> to memref<4xf32>
    return
  }
}
