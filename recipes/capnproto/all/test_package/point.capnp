@0xd3c1f7a2b5e84906;

struct Point {
  x @0 :Int32;
  y @1 :Int32;
}

interface Plotter {
  plot @0 (point :Point) -> (distance :Float64);
}
