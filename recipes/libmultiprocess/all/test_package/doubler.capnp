@0xc5f0a2d4918b7e63;

using Proxy = import "/mp/proxy.capnp";

interface Doubler $Proxy.wrap("doubling.Doubler") {
    destroy @0 (context :Proxy.Context) -> ();
    double @1 (context :Proxy.Context, value :Int64) -> (result :Int64);
}
