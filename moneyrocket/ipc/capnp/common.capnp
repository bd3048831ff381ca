# Values that several interfaces use. The file's id and BlockRef are Bitcoin Core's.

@0xcd2c6232cb484a28;

using Proxy = import "/mp/proxy.capnp";

struct BlockRef $Proxy.wrap("moneyrocket.interfaces.chain.BlockRef") {
    hash @0 :Data;
    height @1 :Int32;
}

struct OutPoint $Proxy.wrap("moneyrocket.primitives.transaction.OutPoint") {
    txid @0 :Data;
    n @1 :UInt32;
}

struct TxOut $Proxy.wrap("moneyrocket.primitives.transaction.TxOut") {
    value @0 :Int64;
    scriptPubkey @1 :Data;
}
