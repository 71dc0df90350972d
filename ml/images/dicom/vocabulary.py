"""The words that may stay in a rewritten DICOM: closed lists of the standard, by keyword."""

from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# PS3.3 C.7.3.1.1.1, imaging modalities; PS3.16 annex L, body parts; PS3.3 C.8.3.1, MR acquisition
WORDS: Mapping[str, frozenset[str]] = {
    "Modality": _words("BI CR CT DX ES GM IO IVOCT MG MR NM OCT OP OPT OT PT PX RF RG SC SM US XA XC"),
    "BodyPartExamined": _words(
        "ABDOMEN ABDOMENPELVIS ANKLE ARM BLADDER BRAIN BREAST BUTTOCK CALF CERVIX CHEST "
        "CHESTABDOMEN CHESTABDPELVIS CLAVICLE COCCYX CSPINE ELBOW EXTREMITY FEMUR FINGER FOOT "
        "FOREARM HAND HEAD HEADNECK HEART HIP HUMERUS ILIUM JAW KIDNEY KNEE LEG LIVER LSPINE "
        "LSSPINE LUMBAR NECK PELVIS PROSTATE RIB SACRUM SCAPULA SCROTUM SHOULDER SIJOINT SKULL "
        "SPINE SSPINE STERNUM THIGH THUMB THYROID TIBIAFIBULA TLSPINE TOE TSPINE UTERUS WHOLEBODY "
        "WRIST"
    ),
    "ImageType": _words("ORIGINAL DERIVED PRIMARY SECONDARY"),
    "ScanningSequence": _words("SE IR GR EP RM"),
    "SequenceVariant": _words("SK MTC SS TRSS SP MP OSP NONE"),
    "PatientPosition": _words("HFP HFS HFDR HFDL FFDR FFDL FFP FFS LFP LFS RFP RFS AFDR AFDL PFDR PFDL"),
    "Laterality": _words("R L"),
    "ImageLaterality": _words("R L U B"),
    "RescaleType": _words("HU US OD MGML Z_EFF ED EDW HU_MOD PCT"),
    "VOILUTFunction": _words("LINEAR LINEAR_EXACT SIGMOID"),
    "BurnedInAnnotation": _words("YES NO"),
    "LossyImageCompression": _words("00 01"),
}
