# A registration that ends when its holder ends it, lets it go, or dies.

@0xc4e4b2a1ef0a7d93;

using Proxy = import "/mp/proxy.capnp";

interface Handler $Proxy.wrap("moneyrocket.interfaces.handler.Handler") {
    destroy @0 (context :Proxy.Context) -> () $Proxy.name("disconnect");
    disconnect @1 (context :Proxy.Context) -> ();
}
