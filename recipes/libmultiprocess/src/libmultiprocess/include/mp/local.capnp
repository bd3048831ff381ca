# How this process recognises a thread of its own when a peer names one. Never needed by a peer.

@0xb1f0c7c4be3b9e1d;

using Proxy = import "/mp/proxy.capnp";

interface LocalThread extends(Proxy.Thread) {
    token @0 () -> (token :UInt64);
}
